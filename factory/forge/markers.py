"""Markers: how the factory finds again what it made. Only those with our key's seal, for our repository, count."""

import hashlib
import hmac
import re

_FORM = re.compile(
    r"<!--\s*factory:v1\s+run=(?P<run>[0-9A-Za-z-]{1,64})\s+kind=(?P<kind>[A-Za-z0-9._:-]{1,80})"
    r"(?:\s+mac=(?P<mac>[0-9a-f]{0,64}))?\s*-->"
)
_ANY = re.compile(r"<!--[^>]{0,20}factory\s*:\s*v\d.{0,400}?(?:-->|--!>|$)", re.DOTALL | re.IGNORECASE)
MAC = 32  # hex digits


class Markers:
    """Makes and reads the markers of one repository. With key "" there is no seal: then the author must decide."""

    def __init__(self, key: str, repo: str) -> None:
        self._key = key.encode()
        self._repo = repo.lower()

    @property
    def sealed(self) -> bool:
        """A marker proves by itself that we made it."""
        return bool(self._key)

    def make(self, run: str, kind: str) -> str:
        marker = f"<!-- factory:v1 run={run} kind={kind} mac={self._mac(run, kind)} -->"
        if not _FORM.fullmatch(marker):
            raise ValueError(f"run {run!r} or kind {kind!r} cannot stand in a marker")
        return marker

    def find(self, body: str) -> tuple[str, str] | None:
        """(run, kind) of the last genuine marker in the text."""
        for found in reversed(list(_FORM.finditer(body))):
            run, kind = found["run"], found["kind"]
            if hmac.compare_digest(found["mac"] or "", self._mac(run, kind)):
                return run, kind
        return None

    def sign(self, body: str, run: str, kind: str, most: int = 65_536) -> str:
        """The text with exactly one marker, ours, at its end; cut where the place has no room for more."""
        marker = self.make(run, kind)
        text, room = strip(body).rstrip(), most - len(marker) - 2
        if len(text) > room:
            text = text[: room - len(_CUT)].rstrip() + _CUT
        return f"{text}\n\n{marker}"

    def _mac(self, run: str, kind: str) -> str:
        if not self._key:
            return ""
        text = f"factory:v1\n{self._repo}\n{run}\n{kind}"
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:MAC]


_CUT = "\n\n[cut here: more did not fit]"


def marked(body: str) -> tuple[str, str] | None:
    """(run, kind) of the last marker in the text, whoever made it: for what is only looked at."""
    found = list(_FORM.finditer(body))
    return (found[-1]["run"], found[-1]["kind"]) if found else None


def strip(body: str) -> str:
    """The text without anything that looks like a marker, whoever wrote it."""
    while (less := _ANY.sub("", body)) != body:
        body = less
    return body
