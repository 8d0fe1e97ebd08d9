"""Asks the running `factory serve` on its port; the other side is factory/gpu/orders.py."""

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException

from factory.contracts.errors import FactoryError, UsageProblem
from factory.contracts.record import Json
from factory.contracts.serving import ServeSettings

HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (compared, not bound)
LONGEST = 16 * 1024 * 1024  # bytes of an answer
CONNECT_S = 2.0
ANSWER_S = 3600.0  # a change of profiles waits for requests that run, a lease for room


def order(
    serve: ServeSettings,
    environment: Mapping[str, str],
    method: str,
    path: str,
    body: str = "",
    answer_s: float = ANSWER_S,
) -> Json | None:
    """The server's answer; None when no server that manages cards listens there. FACTORY_KEY is the key, if it has any.

    Raises UsageProblem with what the server said when it refuses.
    """
    link = HTTPConnection(HERE.get(serve.host, serve.host), serve.port, timeout=CONNECT_S)
    try:
        link.connect()
    except OSError:
        return None
    try:
        link.sock.settimeout(answer_s)
        link.request(method, path, body.encode(), _headers(environment))
        answer = link.getresponse()
        raw = answer.read(LONGEST)
    except (OSError, HTTPException) as error:
        raise FactoryError(
            f"The server at {serve.host}:{serve.port} did not answer ({type(error).__name__})."
        ) from None
    finally:
        link.close()
    return _read(raw, answer.status, f"{serve.host}:{serve.port}")


def _headers(environment: Mapping[str, str]) -> dict[str, str]:
    key = environment.get("FACTORY_KEY", "").strip()
    return {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})


def _read(raw: bytes, status: int, where: str) -> Json | None:
    try:
        said = json.loads(raw)
    except ValueError:
        said = None
    if status == 200 and isinstance(said, dict):
        return said
    if status == 404 or not isinstance(said, dict):
        return None  # something else listens there, or a server without cards
    error = said.get("error")
    message = error.get("message") if isinstance(error, dict) else None
    hint = " Put its key into FACTORY_KEY." if status in (401, 403) else ""
    raise UsageProblem(f"The server at {where} says no: {str(message or f'HTTP {status}')[:500]}{hint}")
