"""What leaves is decided in one place, on the endpoint that is really asked."""

import threading
from pathlib import Path
from typing import Any

import pytest

from factory.contracts.change import FileChange
from factory.contracts.errors import Stopped, Unreachable
from factory.contracts.model import Endpoint, Message, Piece, Reply, Request, ToolCall
from factory.contracts.record import digest
from factory.llm.client import Client
from factory.llm.guard import Repository
from factory.llm.providers.wire import headers
from tests.desk.workshop import repository
from tests.llm.bench import ACCOUNT, Bench, Listed, MemoryScope, endpoint, request, settings

ENV = "DATABASE_URL=postgres-at-home-17\nSTRIPE_ACCOUNT_OF_THE_SHOP=acct_1032\nshort=1\n"
FILES = {
    ".env": ENV,
    ".factoryignore": "private/\n",
    "private/plan.md": "We will buy the shop next door in March.\nSee the handbook for the common words.\n",
    "docs/handbook.md": "Intro\n\nSee the handbook for the common words.\n",
    "src/app.py": "import os\n" + "".join(f"VALUE_{n} = 'row number {n} of the application'\n" for n in range(100)),
}
PRICES = {"price_in": 1, "price_out": 1}


def made_bench(
    folder: Path, answers: list[Any], files: dict[str, str] | None = None, **egress: Any
) -> tuple[Bench, Listed]:
    """A bench with a cloud before a box, on a repository; both endpoints give the same list's answers."""
    store, tree = repository(folder, FILES if files is None else files)
    model = Listed(answers)
    cloud, box = endpoint("cloud", tier="frontier", **PRICES), endpoint("box", price_in=0, price_out=0)
    one = Bench(folder, settings(cloud, box, egress=egress), lambda _: model)
    one.client = Client(
        one.settings, lambda _: model, one.spend, one.egress, one.clock, one._hear, {},
        repository=Repository(store, tree), key=b"k" * 32,
    )  # fmt: skip
    return one, model


def piece(path: str, text: str = "x") -> Piece:
    raw = text.encode()
    return Piece(path=path, start=1, end=text.count("\n") + 1, bytes=len(raw), sha256=digest(raw))


def asked(text: str = "Say yes.", *pieces: Piece) -> Request:
    return request(text, ceiling="frontier", pieces=pieces)


def left(one: Bench) -> list[tuple[str, str, int]]:
    rows = one.db.connection().execute("SELECT endpoint, path, bytes FROM egress WHERE tier <> 'local' ORDER BY id")
    return [tuple(row) for row in rows]


def booked(one: Bench) -> int:
    """Micro-dollars reserved or spent, and rows that still wait to be settled count as a million."""
    rows = one.db.connection().execute("SELECT cost, state FROM spend WHERE kind NOT IN ('clock', 'warned')").fetchall()
    return sum(row["cost"] + 1_000_000 * (row["state"] == "reserved") for row in rows)


@pytest.mark.parametrize("path", [".env", "private/plan.md", "sub/.ENV"])
def test_a_declared_file_that_may_not_leave_goes_to_the_box_instead(tmp_path: Path, path: str) -> None:
    one, model = made_bench(tmp_path, ["yes"])
    heard = one.ask(asked("Say yes.", piece("src/app.py"), piece(path)))
    assert heard.endpoint == "box"
    assert len(model.asked) == 1
    assert left(one) == []
    (told,) = [facts for event, facts in one.told if event == "fallback"]
    assert told["kind"] == "egress"
    assert path in told["message"]


def test_an_exhausted_chain_ends_with_the_reason_and_owes_nothing(tmp_path: Path) -> None:
    one, model = made_bench(tmp_path, [])
    with pytest.raises(Stopped) as stop:
        one.ask(asked("Say yes.", piece("private/plan.md")), avoid=("box",))
    assert stop.value.reason == "egress"
    assert "private/plan.md" in str(stop.value)
    assert ".factoryignore" in str(stop.value)
    assert (model.asked, left(one), booked(one)) == ([], [], 0)


LEAKS = (
    "The log says:\nSTRIPE_ACCOUNT_OF_THE_SHOP=acct_1032\n",
    "diff --git a/x b/x\n+  STRIPE_ACCOUNT_OF_THE_SHOP=acct_1032\n",
    ".env:2:STRIPE_ACCOUNT_OF_THE_SHOP=acct_1032",
    "   2 | STRIPE_ACCOUNT_OF_THE_SHOP=acct_1032 and more",
    '{"text": "a\\nSTRIPE_ACCOUNT_OF_THE_SHOP=acct_1032\\nb"}',
    "He wrote: We will  buy the\tshop next door in March.",
)


@pytest.mark.parametrize("text", LEAKS)
@pytest.mark.parametrize("where", ["user", "tool", "assistant", "arguments"])
def test_a_line_of_such_a_file_is_found_whoever_brought_it(tmp_path: Path, text: str, where: str) -> None:
    one, _ = made_bench(tmp_path, ["yes"])
    call = ToolCall(id="1", name="read", arguments=text if where == "arguments" else "{}")
    said = Message(role="assistant", text=text if where == "assistant" else "hm", calls=(call,))
    shown = Message(role="tool", text=text if where == "tool" else "nothing", call_id="1")
    first = asked(text if where == "user" else "Say yes.")
    heard = one.ask(first.but(messages=(*first.messages, said, shown)))
    assert heard.endpoint == "box"
    assert left(one) == []
    (told,) = [facts["message"] for event, facts in one.told if event == "fallback"]
    assert "line 2 of .env" in told or "line 1 of private/plan.md" in told
    assert "acct_1032" not in told
    assert "next door" not in told


@pytest.mark.parametrize(
    "text",
    ["short=1", "See the handbook for the common words.", "STRIPE_ACCOUNT_OF_THE_SHOP", "VALUE_1 = 'row number 1 of"],
)
def test_what_other_files_say_too_or_says_little_may_leave(tmp_path: Path, text: str) -> None:
    one, _ = made_bench(tmp_path, ["yes"])
    assert one.ask(asked(text)).endpoint == "cloud"


def test_what_the_run_adds_to_such_a_file_is_looked_for_as_well(tmp_path: Path) -> None:
    one, _ = made_bench(tmp_path, ["yes", "yes"])
    store, tree = one.client.guard._repository.trees, one.client.guard._repository.base  # type: ignore[union-attr]
    line = "and the wall between them goes in April"
    blob = store.blob(f"{FILES['private/plan.md']}{line}\n".encode())  # type: ignore[attr-defined]
    after = store.overlay(tree, [FileChange(path="private/plan.md", op="write", oid=blob)])  # type: ignore[attr-defined]
    assert one.ask(asked(line)).endpoint == "cloud"
    one.client.guard.see(after)
    assert one.ask(asked(f"again: {line}")).endpoint == "box"


def test_a_copy_that_the_run_made_does_not_set_a_line_free(tmp_path: Path) -> None:
    one, _ = made_bench(tmp_path, ["yes"])
    guard = one.client.guard
    store, tree = guard._repository.trees, guard._repository.base  # type: ignore[union-attr]
    copy = [FileChange(path="src/copy.txt", op="write", oid=store.blob(ENV.encode()))]  # type: ignore[attr-defined]
    guard.see(store.overlay(tree, copy))  # type: ignore[attr-defined]
    assert one.ask(asked(LEAKS[0])).endpoint == "box"


def test_a_line_without_its_secret_is_still_that_files_line(tmp_path: Path) -> None:
    key = "AKIA" + "QYLPMN5HHHFPZAM2"
    files = {"private.key": f"the bucket of the shop is opened by {key} on mondays\n", "a.py": "pass\n"}
    one, _ = made_bench(tmp_path, ["yes", "yes"], files)
    line = one.client.guard.redaction.text(files["private.key"])  # as a model of another tier may quote it
    assert key not in line
    assert one.ask(asked(f"It says: {line}")).endpoint == "box"
    assert one.ask(asked(f"the bucket of the shop is opened by {key} on mondays")).endpoint == "box"


def test_the_box_gets_everything_as_it_is(tmp_path: Path) -> None:
    one, model = made_bench(tmp_path, ["yes"])
    text = f"{ENV} AKIA" + "QYLPMN5HHHFPZAM2"
    one.ask(request(text, ceiling="local", pieces=(piece(".env", ENV),)))
    assert model.asked[0].messages[1].text == text


# -- limits ------------------------------------------------------------------------------------------------------------


def test_a_run_may_send_its_share_and_no_more_and_repeating_costs_no_share(tmp_path: Path) -> None:
    whole = sum(len(text) for text in FILES.values())
    one, _ = made_bench(tmp_path, ["yes"] * 4, frontier={"run_share": 1000 / whole, "day_share": 1})
    first, second = "a" * 800, "b" * 300
    assert one.ask(asked(first, piece("src/app.py", first))).endpoint == "cloud"
    assert one.ask(asked(first, piece("src/app.py", first))).endpoint == "cloud"
    assert one.ask(asked(second, piece("src/app.py", second))).endpoint == "box"
    assert one.ask(asked("no piece at all")).endpoint == "cloud"
    assert [row for row in left(one) if row[1]] == [("cloud", "src/app.py", 800)] * 2


def test_bytes_count_every_time_for_the_run_and_for_the_day(tmp_path: Path) -> None:
    one, _ = made_bench(tmp_path, ["yes"] * 5, frontier={"run_kib": 3, "day_kib": 5})
    text = "z" * 1300
    places = [one.ask(asked(text)).endpoint for _ in range(3)]
    assert places == ["cloud", "cloud", "box"]
    (told,) = [facts["message"] for event, facts in one.told if event == "fallback"]
    assert "egress.frontier.run_kib" in told
    other = ACCOUNT.__class__(run="run-2", issue="7")
    again = [
        one.client.converse(asked(text), other, MemoryScope(), lambda reply: reply.text).endpoint for _ in range(2)
    ]
    assert again == ["cloud", "box"]
    assert "egress.frontier.day_kib" in [facts["message"] for event, facts in one.told if event == "fallback"][-1]


def test_the_days_share_is_of_all_runs_on_the_repository(tmp_path: Path) -> None:
    one, _ = made_bench(tmp_path, ["yes"] * 4, frontier={"run_share": 1, "day_share": 0.5})
    with one.db.transaction() as db:
        for run, repo in (("run-1", "/a"), ("run-2", "/a"), ("run-3", "/b")):
            db.execute(
                "INSERT INTO runs (id, created, issue, repo, stage, record, status) VALUES (?, '', '', ?, '', '', '')",
                (run, repo),
            )
    whole = sum(len(text) for text in FILES.values())
    part = "c" * int(whole * 0.4)

    def ask(run: str, text: str) -> str:
        account = ACCOUNT.__class__(run=run, issue="")
        made = asked("hi", piece("src/app.py", text))
        return one.client.converse(made, account, MemoryScope(), lambda reply: reply.text).endpoint

    assert ask("run-1", part) == "cloud"
    assert ask("run-2", part) == "cloud"  # the same piece
    assert ask("run-2", part.replace("c", "d")) == "box"
    assert ask("run-3", part.replace("c", "e")) == "cloud"  # another repository


class Blocking:
    """A model that answers when all who ask have come through, or have been refused."""

    def __init__(self) -> None:
        self.asked = 0
        self.lock = threading.Lock()

    def complete(self, request: Request) -> Reply:
        with self.lock:
            self.asked += 1
        return Reply(text="yes", model="m")


@pytest.mark.parametrize("limit", ["run_kib", "run_share"])
def test_threads_cannot_pass_a_limit_together(tmp_path: Path, limit: str) -> None:
    whole = sum(len(text) for text in FILES.values())
    cap = {"run_kib": 10} if limit == "run_kib" else {"run_share": 3500 / whole}
    store, tree = repository(tmp_path, FILES)
    model = Blocking()
    one = Bench(
        tmp_path, settings(endpoint("cloud", tier="frontier", **PRICES), egress={"frontier": cap}), lambda _: model
    )
    client = Client(
        one.settings, lambda _: model, one.spend, one.egress, one.clock, one._hear, {},
        repository=Repository(store, tree),
    )  # fmt: skip
    barrier, came = threading.Barrier(8), list[str]()

    def work(n: int) -> None:
        text = f"{n}" * 1000
        made = asked(text if limit == "run_share" else text * 3, piece("src/app.py", text))
        barrier.wait()
        try:
            client.converse(made, ACCOUNT, MemoryScope(), lambda reply: reply.text)
            came.append("sent")
        except Stopped as stop:
            came.append(stop.reason)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(came) == ["egress"] * 5 + ["sent"] * 3
    assert model.asked == 3
    assert sum(1 for row in left(one) if row[1]) == 3


def test_a_connection_that_was_never_made_gives_its_bytes_back(tmp_path: Path) -> None:
    one, _ = made_bench(tmp_path, [Unreachable("no")] * 4 + ["yes", "yes"], frontier={"run_kib": 2})
    text = "q" * 1500
    assert one.ask(asked(text, piece("src/app.py", text))).endpoint == "box"
    assert left(one) == []
    for table in ("egress_sums", "egress_pieces"):
        rows = one.db.connection().execute(f"SELECT SUM(bytes) FROM {table}").fetchone()
        assert not rows[0]
    assert one.ask(asked(text, piece("src/app.py", text))).endpoint == "cloud"


def test_a_budget_that_says_no_leaves_no_row(tmp_path: Path) -> None:
    model = Listed(["yes"])
    one = Bench(tmp_path, settings(endpoint("cloud", tier="frontier", price_in=9999, price_out=9999)), lambda _: model)
    with pytest.raises(Stopped) as stop:
        one.ask(asked("hello"))
    assert stop.value.reason == "budget"
    assert (left(one), model.asked) == ([], [])


def test_what_is_not_set_lets_a_small_repository_into_one_prompt(tmp_path: Path) -> None:
    one, _ = made_bench(tmp_path, ["yes"])
    text = FILES["src/app.py"]
    assert one.ask(asked(text, piece("src/app.py", text))).endpoint == "cloud"


def test_a_tier_of_an_endpoint_decides_and_not_the_ceiling(tmp_path: Path) -> None:
    """A rented machine has rules of its own."""
    store, tree = repository(tmp_path, FILES)
    model = Listed(["yes"])
    rented: Endpoint = endpoint("gpu", tier="rented", **PRICES)
    one = Bench(tmp_path, settings(rented, egress={"frontier": {"deny": ["src/"]}}), lambda _: model)
    one.client = Client(
        one.settings,
        lambda _: model,
        one.spend,
        one.egress,
        one.clock,
        one._hear,
        {},
        repository=Repository(store, tree),
    )
    assert one.ask(asked("hi", piece("src/app.py"))).endpoint == "gpu"


def test_a_factory_server_that_counts_as_local_is_told_to_send_nothing_further() -> None:
    assert headers(endpoint("box", factory=True), request(), "run-1")["X-Factory-Ceiling"] == "local"
    assert "X-Factory-Ceiling" not in headers(endpoint("gpu", factory=True, tier="rented"), request(), "run-1")
