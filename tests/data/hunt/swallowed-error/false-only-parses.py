import json


def with_type(headers, body):
    if headers.get("Content-Type") is None:
        try:
            json.loads(body)
            headers["Content-Type"] = "application/json"
        except Exception:
            pass
    return headers
