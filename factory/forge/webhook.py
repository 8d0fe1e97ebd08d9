"""One POST to the owner's webhook: fixed fields as JSON, no redirect followed, and never a reason to fail."""

import json
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from factory.contracts.record import Json

SECONDS = 10.0
_HERE = ("127.0.0.1", "::1", "localhost")


def post(url: str, facts: Json, key: str = "") -> str:
    """ "" when it was taken, else a sentence without the address: that is a secret. Plain HTTP only to this machine.

    `key`: what the same facts are known by when they are posted again (`Idempotency-Key`)."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "The webhook's address is none."
    if not host or (parts.scheme != "https" and not (parts.scheme == "http" and host in _HERE)):
        return "The webhook's address must begin with https://."
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(host, port, timeout=SECONDS)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        named = {"Idempotency-Key": key} if key else {}
        connection.request("POST", path, json.dumps(facts).encode(), {"Content-Type": "application/json", **named})
        status = connection.getresponse().status
    except (OSError, HTTPException, ValueError) as problem:
        return f"The webhook did not answer ({type(problem).__name__})."
    finally:
        connection.close()
    return "" if status < 300 else f"The webhook answered {status}."
