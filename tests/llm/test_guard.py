"""What leaves is decided in one place, on the endpoint that is really asked."""

import json
from pathlib import Path

import pytest

from factory.contracts.change import FileChange
from factory.contracts.errors import Stopped
from factory.contracts.model import Endpoint, Message, ToolCall
from factory.llm.client import Client
from factory.llm.guard import Repository
from factory.llm.providers.wire import headers
from tests.desk.workshop import repository
from tests.llm.bench import Bench, Listed, endpoint, request, settings
from tests.llm.guards import ENV, FILES, PRICES, asked, booked, left, made_bench, piece


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
    "line",
    [
        'print("größer, schöner, für alle 😀, die")',
        r're.sub(r"\d+\s\$", "\\\\", price_of_it)',
        r'log("the margin\nis 40 percent\n")',
    ],
)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_line_is_found_as_json_writes_it(tmp_path: Path, line: str, ascii_only: bool) -> None:
    """A model's call holds it so, and so does a call inside the text of another."""
    one, _ = made_bench(tmp_path, ["yes", "yes"], {"secrets.yml": f"{line}\n", "a.py": "pass\n"})
    first = asked()
    for arguments in ((once := json.dumps({"text": f"a\n{line}"}, ensure_ascii=ascii_only)), json.dumps([once])):
        said = Message(role="assistant", text="hm", calls=(ToolCall(id="1", name="w", arguments=arguments),))
        assert one.ask(first.but(messages=(*first.messages, said))).endpoint == "box"


@pytest.mark.parametrize(
    "text",
    ["short=1", "See the handbook for the common words.", "STRIPE_ACCOUNT_OF_THE_SHOP", "VALUE_1 = 'row number 1 of"],
)
def test_what_other_files_say_too_or_says_little_may_leave(tmp_path: Path, text: str) -> None:
    one, _ = made_bench(tmp_path, ["yes"])
    assert one.ask(asked(text)).endpoint == "cloud"


def test_a_line_that_too_many_files_hold_to_look_at_them_all_stays(tmp_path: Path) -> None:
    """The search ends after a thousand lines: the file that may leave, and holds it too, was not seen."""
    line = "The same long line a thousand times."
    files = {"private/many.txt": f"{line}\n" * 1_001, "src/too.txt": f"{line}\n"}
    one, _ = made_bench(tmp_path / "many", ["yes"], FILES | files)
    assert one.ask(asked(line)).endpoint == "box"
    few = FILES | files | {"private/many.txt": f"{line}\n" * 9}
    one, _ = made_bench(tmp_path / "few", ["yes"], few)
    assert one.ask(asked(line)).endpoint == "cloud"


def test_a_name_that_looks_like_a_found_line_sets_nothing_free(tmp_path: Path) -> None:
    """`notes:1:x/.env:1: …` may be read as line 1 of `notes`, which may leave and does not hold it."""
    one, _ = made_bench(tmp_path, ["yes"], {"notes": "nothing\n", "notes:1:x/.env": ENV})
    assert one.ask(asked(LEAKS[0])).endpoint == "box"


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


def test_a_large_files_line_is_known_with_its_secret_too(tmp_path: Path) -> None:
    key = "AKIA" + "QYLPMN5HHHFPZAM2"
    filler = "".join(f"{n}\n" for n in range(60_000))
    one, _ = made_bench(
        tmp_path, ["yes"], {"private.key": f"{filler}the bucket is opened by {key}\n", "a.py": "pass\n"}
    )
    assert one.ask(asked(f"the bucket is opened by {key}")).endpoint == "box"


def test_the_box_gets_everything_as_it_is(tmp_path: Path) -> None:
    one, model = made_bench(tmp_path, ["yes"])
    text = f"{ENV} AKIA" + "QYLPMN5HHHFPZAM2"
    one.ask(request(text, ceiling="local", pieces=(piece(".env", ENV),)))
    assert model.asked[0].messages[1].text == text


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
