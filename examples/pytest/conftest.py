import json
import os
import urllib.request

import pytest


class Mock:
    """The control plane of the server that `mixpeek-mock exec` has started."""

    url = os.environ["MIXPEEK_MOCK_URL"]

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/_mock/sandboxes{path}", data, headers, method=method)
        with urllib.request.urlopen(request) as response:
            return json.loads(response.read() or "null")


class Sandbox(Mock):
    def __init__(self, **options):
        made = self.call("POST", "", options)["sandboxes"][0]
        self.id, self.api_key = made["sandbox_id"], made["api_keys"]["admin"]

    def add_fault(self, **rule):
        self.call("POST", f"/{self.id}/faults", rule)

    def received(self, match, times):
        """Waits for up to a second, and says what came nearest otherwise."""
        self.call("POST", f"/{self.id}/requests/verify", {"match": match, "times": times, "within_ms": 1000})

    def close(self):
        self.call("DELETE", f"/{self.id}")


@pytest.fixture
def mixpeek():
    sandbox = Sandbox()
    yield sandbox
    sandbox.close()
