"""Check runs: one per key and commit, its annotations sent in batches and never twice."""

from collections.abc import Sequence
from typing import Any

from factory.contracts.hub import Annotation
from factory.contracts.record import Json
from factory.forge.caller import Caller
from factory.forge.shapes import shaped

BATCH = 50  # annotations GitHub takes in one request
MAX_SUMMARY = 65_535
MAX_MESSAGE = 60_000  # bytes; GitHub takes 64 KB


class CheckCalls:
    """Implements contracts.hub.CheckWriter."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    def check_run(self, name: str, commit: str, key: str, conclusion: str, title: str, summary: str,
                  notes: tuple[Annotation, ...] = ()) -> int:  # fmt: skip
        """Repeating it sends what is missing. After HubUnreachable it may be there: call it again later."""
        output = {"title": title[:255] or name, "summary": summary[:MAX_SUMMARY]}
        found = self._there(name, commit, key)
        if found is None:
            body: Json = {
                "name": name, "head_sha": commit, "external_id": key, "status": "completed", "conclusion": conclusion,
                "output": {**output, "annotations": _rows(notes[:BATCH])},
            }  # fmt: skip
            number = shaped(_number, self.caller.call("POST", "/repos/{repo}/check-runs", body))
            done = len(notes[:BATCH])
        else:
            number, done = shaped(_number, found), shaped(_annotated, found)
            if not _same(found, conclusion, output):
                self._update(number, conclusion, output, ())
        for start in range(done, len(notes), BATCH):
            self._update(number, conclusion, output, notes[start : start + BATCH])
        return number

    def find_check(self, name: str, commit: str, key: str) -> int:
        found = self._there(name, commit, key)
        return shaped(_number, found) if found else 0

    def _there(self, name: str, commit: str, key: str) -> Json | None:
        query = {"check_name": name, "filter": "all"}
        rows = self.caller.pages("/repos/{repo}/commits/{commit}/check-runs", "check_runs", query=query, commit=commit)
        return next((row for row in rows if row.get("external_id") == key), None)

    def _update(self, number: int, conclusion: str, output: Json, notes: Sequence[Annotation]) -> None:
        """Annotations are added to those there are, so a request with some is not repeated blindly."""
        body = {"status": "completed", "conclusion": conclusion, "output": {**output, "annotations": _rows(notes)}}
        self.caller.call("PATCH", "/repos/{repo}/check-runs/{check}", body, repeat=not notes, check=number)


def _rows(notes: Sequence[Annotation]) -> list[Json]:
    return [
        {"path": note.path, "start_line": note.start, "end_line": note.end, "annotation_level": note.level,
         "title": note.title[:255], "message": note.message.encode()[:MAX_MESSAGE].decode(errors="ignore")}
        for note in notes
    ]  # fmt: skip


def _number(data: Json) -> int:
    return int(data["id"])


def _annotated(data: Json) -> int:
    return int((data.get("output") or {}).get("annotations_count") or 0)


def _same(data: Json, conclusion: str, output: Json) -> bool:
    there: dict[str, Any] = data.get("output") or {}
    return data.get("conclusion") == conclusion and all(there.get(key) == text for key, text in output.items())
