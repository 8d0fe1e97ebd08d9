"""One SEARCH/REPLACE on one text: the lines it does not mean to change stay the file's own, byte for byte."""

from collections.abc import Sequence
from difflib import SequenceMatcher

from factory.edits.match import Spot, locate
from factory.edits.text import Text, bare, split


def replaced(old: Text, search: str, text: str) -> tuple[Text, Spot]:
    """The text with the one match of `search` replaced. Raises EditProblem (see `match.locate`)."""
    wanted = [bare(line) for line in split(search)]
    given = [bare(line) for line in split(text)]
    spot = locate(old.path, old.bare, wanted, given)
    stop = spot.start + len(wanted)
    lines = _merged(old.lines[spot.start : stop], wanted, given, spot, old.end)
    if stop == len(old.lines) and not old.lines[-1].endswith("\n"):
        lines = _unfinished(lines)  # the file's last line had no line end: neither has the new one
    return old._replace(lines=(*old.lines[: spot.start], *lines, *old.lines[stop:])), spot


def _merged(window: Sequence[str], wanted: list[str], given: list[str], spot: Spot, end: str) -> list[str]:
    """The replacement, with the file's own line for every line that search and replacement share."""
    end = end or next((line[len(bare(line)) :] for line in window if line.endswith("\n")), "\n")
    found: list[str] = []
    for kind, i, j, start, stop in SequenceMatcher(None, wanted, given, autojunk=False).get_opcodes():
        if kind == "equal":
            found.extend(line if line.endswith("\n") else line + end for line in window[i:j])
        else:
            found.extend(_shifted(line, spot) + end for line in given[start:stop])
    return found


def _unfinished(lines: list[str]) -> list[str]:
    return [*lines[:-1], bare(lines[-1])] if lines else []


def _shifted(line: str, spot: Spot) -> str:
    """A new line with its indentation translated as the matched lines' was."""
    body = line.lstrip()
    indent = line[: len(line) - len(body)]
    if not body or not spot.indents:
        return line
    if indent in spot.indents:
        return spot.indents[indent] + body
    known = max((key for key in spot.indents if indent.startswith(key)), key=len, default=None)
    if known is not None:
        return spot.indents[known] + _rest(indent[len(known) :], spot) + body
    key = min(spot.indents, key=len)  # shallower than all that matched: take the same away
    file = spot.indents[key]
    if key.startswith(indent) and file.endswith(key[len(indent) :]):
        return file[: len(file) - len(key) + len(indent)] + body
    return line


def _rest(rest: str, spot: Spot) -> str:
    """Deeper indentation in the file's own unit: spaces become tabs where the matched lines use tabs."""
    for key, file in sorted(spot.indents.items(), key=lambda item: len(item[0])):
        if key and set(key) == {" "} and set(file) == {"\t"}:
            unit = len(key) // len(file) or 1
            return "\t" * (len(rest) // unit) + " " * (len(rest) % unit) if set(rest) <= {" "} else rest
        if key and set(key) == {"\t"} and set(file) == {" "}:
            return rest.replace("\t", " " * (len(file) // len(key)))
    return rest
