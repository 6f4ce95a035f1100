"""A client of Mixpeek's organization endpoint, as your program may have one."""

import json
import urllib.error
import urllib.request


class Organizations:
    def __init__(self, url, api_key):
        self.url = f"{url}/v1/organizations"
        self.headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}

    def read(self):
        return self._send("GET")

    def update(self, attempts=3, **change):
        """Tries again where the service is busy: the same change twice does no harm."""
        try:
            return self._send("PATCH", json.dumps(change).encode())
        except urllib.error.HTTPError as error:
            if error.code != 503 or attempts == 1:
                raise
            return self.update(attempts - 1, **change)

    def _send(self, method, body=None):
        request = urllib.request.Request(self.url, body, self.headers, method=method)
        with urllib.request.urlopen(request) as response:
            return json.load(response)
