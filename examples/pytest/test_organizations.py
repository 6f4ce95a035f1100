import pytest
from client import Organizations


@pytest.fixture
def organizations(mixpeek):
    return Organizations(mixpeek.url, mixpeek.api_key)


@pytest.mark.parametrize("region", ["eu", "us", "asia"])
def test_replaces_metadata(organizations, region):
    organizations.update(metadata={"plan": "gold"})
    organizations.update(metadata={"region": region})
    assert organizations.read()["metadata"] == {"region": region}


def test_tries_again_when_the_service_is_busy(mixpeek, organizations):
    mixpeek.add_fault(match={"method": "PATCH"}, status=503, times=2)
    assert organizations.update(organization_name="New Name")["organization_name"] == "New Name"
    mixpeek.received({"method": "PATCH"}, times=3)
