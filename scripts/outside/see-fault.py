"""What a client sees of a fault: the status of an answer in JSON, or the name of what it raises."""
import json
import sys
import urllib.request

client, method, url, fault, timeout = sys.argv[1:]
headers = {
    "Authorization": "Bearer sk_live_abc123def456",
    "Content-Type": "application/json",
    "X-Mixpeek-Mock-Fault": fault,
}
data = b'{"metadata":{"fault":"seen"}}' if method == "PATCH" else None


def ask_by_requests():
    import requests

    answer = requests.request(method, url, headers=headers, data=data, timeout=float(timeout))
    answer.json()
    return answer.status_code


def ask_by_urllib():
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=float(timeout)) as answer:
        json.load(answer)
        return answer.status


ask = {"requests": ask_by_requests, "urllib": ask_by_urllib}[client]
try:
    print(ask())
except ImportError:
    raise
except Exception as error:
    print(type(error).__name__)
