"""How much may leave: bytes and shares, of runs and days, also when many ask at once."""

import threading
from pathlib import Path

import pytest

from factory.contracts.errors import Stopped, Unreachable
from factory.contracts.model import Reply, Request
from factory.llm.client import Client
from factory.llm.guard import Repository
from tests.desk.workshop import repository
from tests.llm.bench import ACCOUNT, Bench, Listed, MemoryScope, endpoint, settings
from tests.llm.guards import FILES, PRICES, asked, left, made_bench, piece


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


def two_clouds(folder: Path, answers: int, **egress: object) -> Bench:
    """A rented machine, a frontier model and a box; what is asked for `rented` may not go further."""
    rented, cloud = endpoint("rented", tier="rented", **PRICES), endpoint("cloud", tier="frontier", **PRICES)
    box, model = endpoint("box", price_in=0, price_out=0), Listed(["yes"] * answers)
    one = Bench(folder, settings(rented, cloud, box, egress=egress), lambda _: model)
    store, tree = repository(folder, FILES)
    one.client = Client(
        one.settings, lambda _: model, one.spend, one.egress, one.clock, one._hear, {},
        repository=Repository(store, tree),
    )  # fmt: skip
    return one


def at(one: Bench, request: Request, *avoid: str, run: str = "run-1") -> str:
    account = ACCOUNT.__class__(run=run, issue="7")
    return one.client.converse(request, account, MemoryScope(), lambda reply: reply.text, avoid=avoid).endpoint


def test_two_tiers_together_may_send_what_is_set_for_both(tmp_path: Path) -> None:
    one = two_clouds(tmp_path, 6, run_kib=3, day_kib=5)
    text = "z" * 1300
    assert at(one, asked(text)) == "rented"
    assert at(one, asked(text), "rented") == "cloud"
    assert at(one, asked(text)) == "box"
    said = [facts["message"] for event, facts in one.told if event == "fallback"]
    assert len(said) == 2, "neither of them"
    assert all("egress.run_kib allows 3.0 KiB" in each for each in said)
    assert at(one, asked(text), run="run-2") == "rented"
    assert at(one, asked(text), run="run-2") == "box"
    assert "egress.day_kib" in [facts["message"] for event, facts in one.told if event == "fallback"][-1]


def test_a_share_of_both_counts_once_what_both_are_sent(tmp_path: Path) -> None:
    whole = sum(len(text) for text in FILES.values())
    own = {"run_share": 1, "day_share": 1}
    one = two_clouds(tmp_path, 5, run_share=1000 / whole, rented=own, frontier=own)
    first, second = "a" * 800, "b" * 300
    assert at(one, asked(first, piece("src/app.py", first))) == "rented"
    assert at(one, asked(first, piece("src/app.py", first)), "rented") == "cloud"
    assert at(one, asked(second, piece("src/app.py", second))) == "box"
    assert "egress.run_share" in [facts["message"] for event, facts in one.told if event == "fallback"][-1]


def test_where_nothing_is_set_for_both_they_may_send_what_one_of_them_may(tmp_path: Path) -> None:
    whole = sum(len(text) for text in FILES.values())
    one = two_clouds(tmp_path, 5, rented={"run_share": 900 / whole}, frontier={"run_share": 500 / whole})
    texts = [sign * 450 for sign in "abc"]
    assert at(one, asked("hi", piece("src/app.py", texts[0]))) == "rented"
    assert at(one, asked("hi", piece("src/app.py", texts[1])), "rented") == "cloud"
    assert at(one, asked("hi", piece("src/app.py", texts[2]))) == "box"
    assert at(one, asked("hi", piece("src/app.py", texts[0])), "rented") == "box", "the cloud's own limit still holds"
