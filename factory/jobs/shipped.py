"""What the ship step leaves for the last word: a file beside the job, read by `close` in the same job."""

from pathlib import Path

from factory.contracts.record import Record, ValidationError
from factory.contracts.run import Run
from factory.files import write_whole
from factory.render.status import Stand

FILE = "factory-shipped.json"


class Shipped(Record):
    """`code`: delivered, or the word that says why not."""

    code: str
    stand: Stand
    sentence: str = ""
    pull: int = 0
    url: str = ""
    branch: str = ""
    head_sha: str = ""
    ladder: tuple[str, ...] = ()
    send: bool = False
    spent: int | None = None  # micro-dollars, where the bundle does not say it
    run: Run | None = None  # as delivered

    def save(self, temp: Path) -> None:
        write_whole(temp / FILE, self.to_json() + "\n")


def read_shipped(temp: Path) -> Shipped | None:
    try:
        return Shipped.from_json((temp / FILE).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
