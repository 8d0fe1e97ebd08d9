"""An OSV database on this machine: what is known about the packages that are asked for.

The format is OSV's schema 1.x (ossf.github.io/osv-schema): a folder, or a zip, of one JSON file per advisory, as
osv.dev offers for each ecosystem. Records that are withdrawn do not count.
"""

import json
import re
import zipfile
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from factory.contracts.errors import FactoryError
from factory.contracts.finding import Severity
from factory.hunt.advisories.pins import Pin, normal
from factory.hunt.advisories.versions import ordered

MOST_RECORD = 4 << 20  # bytes of one advisory
MOST_RECORDS = 1_000_000
_NAMES = re.compile(rb'"name"\s*:\s*"([^"]{1,214})"')
_SAID: dict[str, Severity] = {
    "LOW": "low",
    "MODERATE": "medium",
    "MEDIUM": "medium",
    "HIGH": "high",
    "CRITICAL": "critical",
}


class AdvisoryProblem(FactoryError):
    """The database cannot be read; the message says why."""


class Advisory(NamedTuple):
    id: str
    names: frozenset[str]  # its id and aliases: two records that share one speak of the same thing
    summary: str
    severity: Severity
    affected: tuple[Mapping[str, Any], ...]  # OSV's, of this package


def advisories(database: Path, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], list[Advisory]]:
    """By (ecosystem, name). Raises AdvisoryProblem."""
    names = {name.encode() for _, name in wanted}
    found: dict[tuple[str, str], list[Advisory]] = defaultdict(list)
    for data in _records(database):
        # Most of a million records speak of other packages: look at the names before the whole is read.
        if not any(
            name in names or normal(name.decode(errors="replace")).encode() in names for name in _NAMES.findall(data)
        ):
            continue
        for key, advisory in _read(data):
            if key in wanted:
                found[key].append(advisory)
    return {key: sorted(each, key=lambda one: one.id) for key, each in found.items()}


def _records(database: Path) -> Iterator[bytes]:
    try:
        if database.is_dir():
            for number, path in enumerate(sorted(database.rglob("*.json"))):
                if number < MOST_RECORDS and path.is_file() and path.stat().st_size <= MOST_RECORD:
                    yield path.read_bytes()
            return
        with zipfile.ZipFile(database) as archive:
            for info in archive.infolist()[:MOST_RECORDS]:
                if info.filename.endswith(".json") and info.file_size <= MOST_RECORD:
                    with archive.open(info) as file:
                        yield file.read(MOST_RECORD)
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise AdvisoryProblem(f"The advisories at hunt.advisories cannot be read: {type(error).__name__}.") from None


def _read(data: bytes) -> Iterator[tuple[tuple[str, str], Advisory]]:
    """What is broken says nothing."""
    try:
        record = json.loads(data)
        if record.get("withdrawn"):
            return
        by_key: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
        for affected in record.get("affected", ()):
            package = affected.get("package", {})
            ecosystem = str(package["ecosystem"]).partition(":")[0]
            name = normal(package["name"]) if ecosystem == "PyPI" else str(package["name"])
            by_key[ecosystem, name].append(affected)
        names = frozenset({str(record["id"]), *map(str, record.get("aliases", ()))})
        for key, entries in by_key.items():
            summary = str(record.get("summary") or record.get("details") or "")[:200].partition("\n")[0]
            yield key, Advisory(str(record["id"]), names, summary, _severity(record), tuple(entries))
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return


def _severity(record: Mapping[str, Any]) -> Severity:
    if str(record["id"]).startswith("MAL-"):
        return "critical"
    said = str(record.get("database_specific", {}).get("severity", "")).upper()
    return _SAID.get(said, "medium")


def concerns(advisory: Advisory, pin: Pin) -> bool:
    """OSV's own evaluation: a listed version, or one within a range of the ecosystem's order."""
    version = ordered(pin.ecosystem, pin.version)
    for affected in advisory.affected:
        if pin.version in affected.get("versions", ()):
            return True
        ranges = affected.get("ranges", ())
        if version is not None and any(_within(pin.ecosystem, one, version) for one in ranges):
            return True
    return False


def _within(ecosystem: str, within: Mapping[str, Any], version: Any) -> bool:
    if within.get("type") not in ("ECOSYSTEM", "SEMVER"):
        return False
    inside = False
    for kind, text in _events(ecosystem, within):
        at = ordered(ecosystem, text)
        if kind == "introduced" and (text == "0" or (at is not None and version >= at)):
            inside = True
        elif at is not None and ((kind == "fixed" and version >= at) or (kind == "last_affected" and version > at)):
            inside = False
    return inside


def _events(ecosystem: str, within: Mapping[str, Any]) -> list[tuple[str, str]]:
    """In the order of their versions; "0" is before all."""
    events = [(str(kind), str(text)) for event in within.get("events", ()) for kind, text in event.items()]
    known = [each for each in events if each[1] == "0" or ordered(ecosystem, each[1]) is not None]
    first = [each for each in known if each[1] == "0"]
    rest = [each for each in known if each[1] != "0"]
    return first + sorted(rest, key=lambda each: ordered(ecosystem, each[1]))


def mended_in(advisory: Advisory, pin: Pin) -> str:
    """The oldest version after the pinned one that is said to be fixed, "" when none is."""
    version = ordered(pin.ecosystem, pin.version)
    fixed = [
        text
        for affected in advisory.affected
        for one in affected.get("ranges", ())
        for kind, text in _events(pin.ecosystem, one)
        if kind == "fixed" and version is not None and text != "0" and ordered(pin.ecosystem, text) > version
    ]
    return min(fixed, key=lambda text: ordered(pin.ecosystem, text), default="")


def one_each(found: Sequence[Advisory]) -> list[Advisory]:
    """Of records that share a name (a GHSA and a PYSEC of one CVE) the most severe, then the first."""
    kept: list[Advisory] = []
    order = ("info", "low", "medium", "high", "critical")
    for advisory in sorted(found, key=lambda one: (-order.index(one.severity), one.id)):
        if not any(advisory.names & other.names for other in kept):
            kept.append(advisory)
    return kept
