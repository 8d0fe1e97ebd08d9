"""The hunt: engines and surveys look at the whole tree, workers at every file; then there are findings."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from factory.contracts.errors import UsageProblem
from factory.contracts.finding import SEVERITIES, Finding
from factory.contracts.hunt import EngineRun, Hunted
from factory.contracts.night import HuntSettings
from factory.hunt.copied import copied
from factory.hunt.detector import Detector, Engine, Hit
from factory.hunt.detectors import all_detectors
from factory.hunt.engines import registry
from factory.hunt.ground import Ground
from factory.hunt.limit import within
from factory.hunt.pool import looked_at

SURVEY = 300.0  # seconds for one detector's look at the whole tree; the first that asks also builds the code graph


@dataclass
class _Marks:
    """What is known before the files are looked at one by one."""

    hits: dict[str, list[tuple[Detector, Hit]]] = field(default_factory=lambda: defaultdict(list))
    runs: list[EngineRun] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, detector: Detector, hit: Hit, ground: Ground) -> None:
        if hit.path in ground.known:
            self.hits[hit.path].append((detector, hit))


def hunt(ground: Ground, settings: HuntSettings, *, only: Sequence[str] = (), workers: int | None = None) -> Hunted:
    """`only`: ids of detectors, () = all that are not off. What an engine, a survey or a file does costs just that.
    `workers` 0 looks at the files in this process: for files that are our own.

    Raises UsageProblem for an id that is none, Stopped when no worker runs.
    """
    started = time.perf_counter()
    detectors = chosen(settings, only)
    ground = _narrowed(ground, settings)
    marks = _marked(ground, detectors)
    marked = time.perf_counter()
    looked = looked_at(ground, detectors, marks.hits, workers)
    kept = [found for found in looked.findings if _counts(found, settings)]
    ended = time.perf_counter()
    return Hunted(
        commit=ground.commit,
        findings=tuple(sorted(kept, key=lambda found: (found.path, found.start, found.rule, found.id))),
        files=len(ground.paths),
        skipped=dict(ground.skipped),
        failed=tuple(sorted(looked.failed)),
        hushed=looked.hushed,
        below=len(looked.findings) - len(kept),
        detectors=tuple(detector.id for detector in detectors),
        engines=tuple(marks.runs),
        problems=(*marks.problems, *ground.notices),
        seconds=round(ended - started, 3),
        phases={"engines and surveys": round(marked - started, 3), "files": round(ended - marked, 3)},
    )


def chosen(settings: HuntSettings, only: Sequence[str] = ()) -> tuple[Detector, ...]:
    """Raises UsageProblem for an id that is none."""
    known = {detector.id: detector for detector in all_detectors()}
    for name in (*settings.off, *only):
        if name not in known:
            raise UsageProblem(f"There is no detector {name!r}: choose from {', '.join(known)}.")
    return tuple(known[name] for name in known if name not in settings.off and (not only or name in only))


def _narrowed(ground: Ground, settings: HuntSettings) -> Ground:
    """Without what the settings ignore and what was copied from elsewhere; the words of both still count."""
    ignored = {path for path in ground.paths if any(fnmatchcase(path, glob) for glob in settings.ignore)}
    foreign = copied(ground) - ignored
    counts = {"copied": len(foreign), "ignored": len(ignored)}
    return replace(
        ground, paths=tuple(path for path in ground.paths if path not in ignored | foreign), settings=settings,
        skipped={**ground.skipped, **{why: count for why, count in counts.items() if count}},
        others=ground.others | ignored | foreign, aside=tuple(sorted((*ground.aside, *ignored, *foreign))),
    )  # fmt: skip


def _marked(ground: Ground, detectors: Sequence[Detector]) -> _Marks:
    """Engines side by side; the surveys meanwhile here, one after the other (the code graph is one thread's)."""
    marks = _Marks()
    wanted: dict[Engine, dict[str, list[Detector]]] = defaultdict(lambda: defaultdict(list))
    for detector in detectors:
        for engine, codes in detector.codes.items():
            for code in codes:
                wanted[engine][code].append(detector)
    with ThreadPoolExecutor(max(1, len(wanted))) as pool:
        reports = [pool.submit(registry.asked, engine, ground, sorted(codes)) for engine, codes in wanted.items()]
        for detector in detectors:
            _survey(detector, ground, marks)
        rows: dict[str, list[Hit]] = defaultdict(list)
        for engine, report in zip(wanted, reports, strict=True):
            hits, run = report.result()
            marks.runs.append(run)
            for hit in hits:
                for detector in wanted[engine].get(hit.code, ()):
                    rows[detector.id].append(hit)
    for detector in detectors:
        _sifted(detector, ground, marks, rows[detector.id])
    return marks


def _survey(detector: Detector, ground: Ground, marks: _Marks) -> None:
    if detector.survey is not None:
        _added(detector, detector.survey, ground, marks)


def _sifted(detector: Detector, ground: Ground, marks: _Marks, rows: list[Hit]) -> None:
    known = [hit for hit in rows if hit.path in ground.known]
    if known:
        _added(detector, lambda ground: detector.sift(ground, known) if detector.sift else known, ground, marks)


def _added(detector: Detector, look: Callable[[Ground], Iterable[Hit]], ground: Ground, marks: _Marks) -> None:
    try:
        with within(SURVEY):
            hits = list(look(ground))
        for hit in hits:
            marks.add(detector, hit, ground)
    except Exception as problem:  # noqa: BLE001 (whatever a tree does to one detector, it costs that detector)
        marks.problems.append(f"{detector.id} could not look: {type(problem).__name__}: {str(problem)[:200]}")


def _counts(found: Finding, settings: HuntSettings) -> bool:
    severe = SEVERITIES.index(found.severity) >= SEVERITIES.index(settings.severity)
    return severe and found.confidence >= settings.confidence
