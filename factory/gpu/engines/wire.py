"""HTTP towards an engine: short questions about itself, never a model's request. What it answers is not trusted."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

LARGEST = 4 * 1024 * 1024  # bytes of an answer that are read
QUOTED = 200  # characters of an answer in a message


class WireProblem(Exception):
    """No answer, or one that says no. The message quotes what was said, cleaned. Only for this folder."""

    def __init__(self, message: str, slow: bool = False) -> None:
        super().__init__(message)
        self.slow = slow  # it may be there still: it did not answer in time


@dataclass(frozen=True)
class Answered:
    status: int
    body: bytes

    @property
    def said(self) -> str:
        """The answer's text on one line, short, without control characters."""
        return clean(self.body.decode("utf-8", "replace"))[:QUOTED]


@dataclass(frozen=True)
class Server:
    """Where an engine listens: "http://127.0.0.1:8000", a path behind it is kept."""

    url: str

    def get(self, path: str, timeout_s: float) -> Answered:
        return self._ask("GET", path, None, timeout_s)

    def post(self, path: str, body: object, timeout_s: float) -> Answered:
        """Raises WireProblem also when the answer is not 200."""
        answered = self._ask("POST", path, body, timeout_s)
        if answered.status != 200:
            raise WireProblem(f"HTTP {answered.status}: {answered.said or 'no reason given'}")
        return answered

    def read(self, path: str, timeout_s: float) -> dict[str, Any]:
        """The JSON object there. Raises WireProblem when there is none."""
        answered = self.get(path, timeout_s)
        try:
            found = json.loads(answered.body) if answered.status == 200 else None
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise WireProblem(f"HTTP {answered.status} without a JSON object at {path}: {answered.said}")
        return found

    def _ask(self, method: str, path: str, body: object, timeout_s: float) -> Answered:
        import http.client

        try:
            parts = urlsplit(self.url)
            kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
            link = kind(parts.hostname or "127.0.0.1", parts.port, timeout=max(timeout_s, 0.01))
        except (ValueError, http.client.HTTPException):
            raise WireProblem("its address is none") from None
        try:
            raw = None if body is None else json.dumps(body).encode()
            link.request(method, parts.path.rstrip("/") + path, raw, {"content-type": "application/json"})
            answer = link.getresponse()
            return Answered(answer.status, answer.read(LARGEST))
        except TimeoutError:
            raise WireProblem(f"no answer at {path} within {timeout_s:g} s", slow=True) from None
        except (OSError, OverflowError, ValueError, http.client.HTTPException) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise WireProblem(f"no connection: {why}") from None
        finally:
            link.close()


def clean(text: str) -> str:
    """One line that can be shown: what does not print becomes a blank, blanks become one."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
