"""A desk on real git objects and the real client, with answers from a list and a journal in memory."""

from collections.abc import Sequence
from pathlib import Path

from factory.contracts.model import Endpoint, Reply, Request, ToolCall
from factory.contracts.plan import Criterion, Plan, Unit
from factory.contracts.record import Json
from factory.contracts.tables import BudgetSettings, ChainSettings, LineSettings
from factory.contracts.task import Pack, PackFile, Task
from factory.db import Database
from factory.desk.desk import Workdesk
from factory.desk.grants import Gate, Holder, Issuer
from factory.desk.machinery import Tools
from factory.edits.paths import PathPolicy
from factory.files import BlobFolder
from factory.git import Store, run_git
from factory.ledger.egress import Egress
from factory.ledger.migrations import MIGRATIONS
from factory.ledger.spend import Spend
from factory.llm.client import Account, Client
from factory.llm.providers.script import Decks, Script, ScriptCall, ScriptReply
from factory.llm.providers.scripted import Scripted
from factory.prompting import Prompts
from factory.settings import Settings
from tests.llm.bench import MemoryScope

CART = "def total(cart):\n    return sum(cart)\n\n\ndef count(cart):\n    return len(cart)\n"
FILES = {
    "shop/cart.py": CART,
    "tests/test_cart.py": "from shop.cart import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n",
    "README.md": "# Shop\n",
}
UNIT = Unit(
    id="fix", role="backend", title="Use the discount", instructions="Subtract the discount in total().",
    owns=("shop/cart.py", "shop/discount.py"), reads=("tests/test_cart.py",), acceptance=("A1",),
)  # fmt: skip
PLAN = Plan(
    summary="Subtract the discount.", effort=3, units=(UNIT,), acceptance=(Criterion(id="A1", text="8 for [10] and 2"),)
)
TASK = Task(number="7", title="Total ignores the discount", body="It must not.", kind="bug", digest="0" * 64)
PACK = Pack(tree="\n".join(FILES), files=(PackFile(path="README.md", start=1, end=1, text="# Shop\n", why="named"),))
PLACE = ("run-1", "generate", "fix")
FACTS = {"task": TASK, "pack": PACK, "plan": PLAN, "error": ""}

EDIT = """### edit shop/cart.py
<<<<<<< SEARCH
def total(cart):
    return sum(cart)
=======
def total(cart, discount=0):
    return sum(cart) - discount
>>>>>>> REPLACE
"""


def call(name: str, **arguments: object) -> Reply:
    """A native tool call."""
    import json

    return Reply(text="", calls=(ToolCall(id="c1", name=name, arguments=json.dumps(arguments)),), finish="tool_calls")


def tool(name: str, **arguments: object) -> str:
    """The same as text."""
    import json

    return f'<tool name="{name}">{json.dumps(arguments)}</tool>'


class Ticking:
    """A clock that goes on by `pace` seconds each time somebody looks."""

    def __init__(self, pace: float = 0.0) -> None:
        self.pace, self.time = pace, 0.0

    def now(self) -> str:
        return "2026-11-20T10:00:00.000Z"

    def monotonic(self) -> float:
        self.time += self.pace
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


class Listening:
    """The shipped scripted model on a list of answers, the last one for ever; keeps what it was asked."""

    def __init__(self, endpoint: Endpoint, clock: Ticking, answers: Sequence[Reply | str]) -> None:
        replies = [_scripted(one, repeat=n == len(answers) - 1) for n, one in enumerate(answers)]
        self.model = Scripted(endpoint, clock, Decks(Script(replies=tuple(replies))))
        self.asked: list[Request] = []

    def complete(self, request: Request) -> Reply:
        self.asked.append(request)
        return self.model.complete(request)


def _scripted(answer: Reply | str, repeat: bool) -> ScriptReply:
    if isinstance(answer, str):
        return ScriptReply(text=answer, repeat=repeat)
    calls = tuple(ScriptCall(id=one.id, name=one.name, arguments=one.arguments) for one in answer.calls)
    usage = answer.usage if answer.usage.input else None
    return ScriptReply(text=answer.text, calls=calls, finish=answer.finish, usage=usage, repeat=repeat)


def repository(folder: Path, files: dict[str, str]) -> tuple[Store, str]:
    """A target repository with one commit, the store that borrows from it, and the commit's tree."""
    target = folder / "target"
    target.mkdir(parents=True)
    run_git(target, "init", "--quiet")
    store = Store(folder / "store.git", target)
    from factory.contracts.change import FileChange

    empty = store.git("mktree", stdin=b"").decode().strip()
    tree = store.overlay(
        empty, [FileChange(path=path, op="write", oid=store.blob(text.encode())) for path, text in files.items()]
    )
    return store, tree


def issuer(settings: Settings) -> Issuer:
    return Issuer(b"seal", settings.grants, settings.budget.run_minutes, lambda: "2026-11-20T10:00:00.000Z")


def gate(role: str = "backend", settings: Settings | None = None, notes: list[tuple[str, Json]] | None = None) -> Gate:
    """As a desk makes it for UNIT."""
    makes, holder = issuer(settings or Settings()), Holder("run-1", role, UNIT.id)
    told = [] if notes is None else notes
    return Gate(makes.issue(holder, UNIT.owns), holder, makes.key, makes.now, MemoryScope(place=PLACE),
                lambda event, facts: told.append((event, facts)))  # fmt: skip


class Workshop:
    """Everything a desk needs; `notes` is the trail, `tests` what run_tests was asked."""

    def __init__(
        self, folder: Path, answers: Sequence[Reply | str], *, files: dict[str, str] | None = None,
        endpoint: dict[str, object] | None = None, pace: float = 0.0, more: tuple[Endpoint, ...] = (),
        chain: tuple[ChainSettings, ...] = (), **line: object,
    ) -> None:  # fmt: skip
        self.store, self.tree = repository(folder, FILES if files is None else files)
        self.clock, self.scope = Ticking(pace), MemoryScope(place=PLACE)
        self.notes: list[tuple[str, Json]] = []
        self.tests: list[tuple[str, str]] = []
        one = Endpoint.model_validate(
            {"name": "box", "wire": "scripted", "model": "listed", "price_in": 0, "price_out": 0, **(endpoint or {})}
        )
        self.model = Listening(one, self.clock, answers)
        self.settings = Settings(
            endpoints={each.name: each for each in (one, *more)}, line=LineSettings.model_validate(line), chain=chain
        )
        db = Database(folder / "state.db", MIGRATIONS)
        client = Client(
            self.settings, lambda _: self.model, Spend(db, BudgetSettings(), self.clock), Egress(db, self.clock),
            self.clock, lambda event, facts: None, {},
        )  # fmt: skip
        self.tools = Tools(
            client=client, prompts=Prompts(), trees=self.store, blobs=BlobFolder(folder / "blobs"), policy=PathPolicy(),
            settings=self.settings, note=lambda event, facts: self.notes.append((event, facts)),
            run_tests=self.run_tests, issuer=issuer(self.settings), clock=self.clock.monotonic,
        )  # fmt: skip

    def run_tests(self, tree: str, selection: str, scope: object) -> str:
        self.tests.append((tree, selection))
        return f"{len(self.tests)} passed"

    def desk(self, role: str = "backend", **more: object) -> Workdesk:
        return Workdesk(self.tools, role, self.scope, Account("run-1", "7"), 5, "local", **more)  # type: ignore[arg-type]

    def text(self, tree: str, path: str) -> str:
        return self.store.read(self.store.entries(tree)[path].oid).decode()
