"""A page as the tool `screenshot` asks for it and gets it, and the servers that an owner names for it."""

from factory.contracts.model import Picture
from factory.contracts.record import Field, Record


class PageServer(Record):
    """A server of pages that `screenshot` may start in the sandbox: the tree's own program, with loopback only."""

    command: str = Field(min_length=1, description="shell command in the top folder; `PORT` is in its environment")
    port: int = Field(ge=1024, le=65_535, description="port on 127.0.0.1 at which it answers")
    start_s: float = Field(default=30, gt=0, le=300, description="seconds until it must answer")


class View(Record):
    """What is to be looked at. `hidden`: paths that are not in the tree while it is looked at."""

    tree: str
    page: str  # a path of the tree, or with `server` a path on it
    server: PageServer | None = None
    width: int
    height: int
    full_page: bool = False
    picture: bool = True
    hidden: tuple[str, ...] = ()


class Seen(Record):
    """What was there to see; everything but `problem` and `picture` was written by the page."""

    problem: str = ""  # why nothing could be seen, or not all
    title: str = ""
    wide: int = 0  # pixels of the whole page
    high: int = 0
    console: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()  # that failed
    notes: tuple[str, ...] = ()
    outline: str = ""  # roles, names and states
    picture: Picture | None = None
