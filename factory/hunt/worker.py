"""One process that looks at files: `factory.hunt.worker`, which `pool` starts. JSON lines in, JSON lines out.

A file that hangs ends the process (timers of the kernel), one that crashes Python's parser ends it too: the parent
knows which file it was, and starts another.
"""

import gc
import json
import resource
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from factory.hunt.detector import Detector, Hit
from factory.hunt.findings import findings_of
from factory.hunt.ground import Ground
from factory.hunt.source import Source

WALL = 6  # times the processor time that a file may take: a machine under load is not a hang


def concerns(detector: Detector, source: Source) -> bool:
    """Whether this file can have findings of this detector."""
    if source.is_test and not detector.in_tests:
        return False
    return not detector.languages or source.language in detector.languages


def looked(source: Source, detectors: Sequence[Detector], given: Sequence[tuple[Detector, Hit]]) -> dict[str, Any]:
    """One file's findings, as JSON. `given` are the hits of engines and surveys in it."""
    hits = list(_kept(source, given))
    hits += [
        (detector, hit)
        for detector in detectors
        if detector.look and concerns(detector, source)
        for hit in detector.look(source)
    ]
    made = findings_of(source, hits)
    return {"findings": [found.model_dump(mode="json") for found in made.findings], "hushed": made.hushed}


def _kept(source: Source, given: Sequence[tuple[Detector, Hit]]) -> Iterator[tuple[Detector, Hit]]:
    for detector, hit in given:
        if not concerns(detector, source):
            continue
        kept = detector.keep(source, hit) if detector.keep and hit.code else hit
        if kept is not None:
            yield detector, kept


def task(path: str, given: Sequence[tuple[Detector, Hit]]) -> str:
    """What `main` reads."""
    return json.dumps([path, [(detector.id, asdict(hit)) for detector, hit in given]])


def _timer(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, seconds * WALL)


def main() -> None:
    root, ids, seconds, memory = json.loads(sys.stdin.readline())
    from factory.hunt.detectors import all_detectors

    known = {detector.id: detector for detector in all_detectors()}
    detectors = [known[name] for name in ids]
    ground = Ground(Path(root), ())
    for number in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)  # a parent may have had them ignored
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole terminal; the parent ends us
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    gc.set_threshold(200_000, 50, 1000)  # syntax trees are many objects and no cycles
    for line in sys.stdin:
        path, given = json.loads(line)
        _timer(seconds)
        answer = _answer(ground, path, detectors, [(known[name], Hit(**fields)) for name, fields in given])
        _timer(0)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _answer(
    ground: Ground, path: str, detectors: Sequence[Detector], given: Sequence[tuple[Detector, Hit]]
) -> dict[str, Any]:
    try:
        return looked(ground.source(path), detectors, given)
    except Exception as problem:  # noqa: BLE001 (whatever one file does to a detector, it costs that file)
        return {"problem": f"{type(problem).__name__}"}


if __name__ == "__main__":
    main()
