"""What crosses from job to job, altered on the way: the receiver must refuse it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from factory.contracts.errors import Refusal
from factory.contracts.task import Event
from factory.install.attack.target import repository
from factory.install.attack.tried import Attack, Tried
from factory.settings import Settings

ALTERED = Attack(id="altered-bundle", tried="a run's bundle is altered after its digest was announced")
RESIGNED = Attack(id="altered-manifest", tried="a bundle is altered and its manifest made to fit")
LINKED = Attack(id="linked-bundle", tried="a file of a bundle is a symbolic link, and one is too many")
ALL = (ALTERED, RESIGNED, LINKED)
_REPORT = "report it: a job would act on what another hand wrote"


def attacks(folder: Path, settings: Settings) -> Iterator[Tried]:
    from factory.app import new_run
    from factory.handover.bundle import MANIFEST, pack
    from factory.ledger.state import open_state

    folder.mkdir(parents=True, mode=0o700)
    repo = repository(folder / "repo", {"app.py": "x = 1\n"})
    state = open_state(folder / "state")
    run = new_run(state, repo, "", Event(kind="issue", source="attack", text="Help\n\nPlease."), settings)
    state.journal.save(run, "intake")

    def made(name: str, alter: Callable[[Path], None]) -> str:
        told = pack(run, state, folder / name)
        alter(folder / name)
        return _taken(folder / name, folder / f"{name}-state", repo, told)

    def rewrite(bundle: Path) -> None:
        path = bundle / "run.json"
        path.write_bytes(path.read_bytes().replace(b"Please.", b"Pleas3."))

    def refit(bundle: Path) -> None:
        from factory.contracts.record import digest

        rewrite(bundle)
        manifest = json.loads((bundle / MANIFEST).read_text(encoding="utf-8"))
        manifest["files"]["run.json"]["sha256"] = digest((bundle / "run.json").read_bytes())
        (bundle / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")

    def link(bundle: Path) -> None:
        (bundle / "run.json").unlink()
        (bundle / "run.json").symlink_to(folder / "plain" / "run.json")

    whole = made("plain", lambda bundle: None)
    if whole:
        yield ALTERED.broke(f"an untouched one is refused too ({whole})", _REPORT)
        return
    for attack, name, alter in ((ALTERED, "one", rewrite), (RESIGNED, "two", refit), (LINKED, "three", link)):
        refused = made(name, alter)
        yield attack.judged("" if refused else "it was taken up", f"refused: {refused}", _REPORT)


def _taken(bundle: Path, place: Path, repo: Path, told: str) -> str:
    """The word it is refused with, '' when it is taken."""
    from factory.handover.bundle import unpack
    from factory.ledger.state import open_state

    place.mkdir(mode=0o700)
    try:
        unpack(bundle, open_state(place), repo, told)
    except Refusal as refusal:
        return str(refusal.code)
    return ""
