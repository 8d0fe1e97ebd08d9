"""The shared books over real git and real HTTP: one lease whoever asks, nothing written twice, nothing lost."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from factory.contracts.books import Row
from factory.contracts.errors import HubForbidden, HubUnauthorized, HubUnreachable
from factory.forge.accounts import Admission, admit, closing, leg_of
from factory.forge.shared_books import TRIES, SharedBooks
from tests.forge.githttp import TOKEN, GitServer, git_server
from tests.forge.tickets_by_hand import NOW, SETTINGS, StillClock, limits, ticket


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with git_server(tmp_path / "served") as made:
        (tmp_path / "served").mkdir()
        made.repo("shop")
        yield made


def books(server: GitServer, name: str, token: str = TOKEN) -> SharedBooks:
    return SharedBooks(server.folder / f"mine-{name}", server.remote("shop"), token, StillClock())


def note(name: str, at: str = NOW, **more: object) -> Row:
    facts = {"id": name, "kind": "note", "run": "r", "event": "e", "purpose": "swarm", "issue": 7, "actor": "ann"}
    return Row.model_validate({**facts, "at": at, **more})


def at_server(server: GitServer, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=server.repo("shop"), capture_output=True, check=True)
    return done.stdout.decode(errors="replace").strip()


def test_the_first_row_makes_an_orphan_branch_and_months_are_files(server: GitServer) -> None:
    mine = books(server, "a")
    assert mine.read().rows == ()
    mine.append(lambda _: (note("one"),))
    mine.append(lambda _: (note("two"), note("three", at="2026-12-01T00:00:00Z")))
    assert at_server(server, "for-each-ref", "--format=%(refname)") == "refs/heads/factory-ledger"
    assert at_server(server, "ls-tree", "--name-only", "factory-ledger").split() == ["2026-11.jsonl", "2026-12.jsonl"]
    assert at_server(server, "rev-list", "--count", "factory-ledger") == "2"
    assert [row.id for row in books(server, "b").read().rows] == ["one", "two", "three"]


def test_a_row_that_is_there_is_not_written_again(server: GitServer) -> None:
    mine = books(server, "a")
    assert [row.id for row in mine.append(lambda _: (note("one"),)).added] == ["one"]
    again = books(server, "b").append(lambda _: (note("one", why="otherwise"),))
    assert again.added == ()
    assert at_server(server, "rev-list", "--count", "factory-ledger") == "1"


def test_many_writers_at_once_lose_nothing(server: GitServer) -> None:
    def write(n: int) -> None:
        books(server, f"w{n}").append(lambda _: (note(f"row-{n}"),))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    assert sorted(row.id for row in books(server, "r").read().rows) == [f"row-{n}" for n in range(6)]


def test_idm_02_two_jobs_at_once_get_one_lease(server: GitServer) -> None:
    """IDM-02: the same event in two GitHub runs: one is allowed, the other a duplicate; the first may be re-run."""
    asked = ticket()

    def open_(github_run: int) -> Admission:
        booked = books(server, f"job{github_run}").append(
            lambda rows: tuple(filter(None, (admit(rows, asked, github_run, SETTINGS, NOW).row,)))
        )
        return admit(booked.rows, asked, github_run, SETTINGS, NOW)

    with ThreadPoolExecutor(2) as pool:
        codes = dict(zip((101, 102), (each.code for each in pool.map(open_, (101, 102))), strict=True))
    assert sorted(codes.values()) == ["allowed", "duplicate"]
    winner = next(run for run, code in codes.items() if code == "allowed")
    assert open_(winner).code == "allowed"
    assert [row.kind for row in books(server, "r").read().rows] == ["open"]


def test_gha_02_a_lost_answer_to_the_push_is_found_by_reading(server: GitServer) -> None:
    """GHA-02: the push went through, the answer did not: one row, and it is ours."""
    server.faults[:] = ["lost"]
    booked = books(server, "a").append(lambda _: (note("one"),))
    assert [row.id for row in booked.added] == ["one"]
    assert at_server(server, "rev-list", "--count", "factory-ledger") == "1"


def test_another_s_row_of_the_same_id_is_not_ours(server: GitServer) -> None:
    theirs = note("one", github_run=2)
    mine, other = books(server, "a"), books(server, "b")
    asked: list[int] = []

    def decide(rows: tuple[Row, ...]) -> tuple[Row, ...]:
        if not asked:  # somebody is faster between our reading and our push
            other.append(lambda _: (theirs,))
        asked.append(len(rows))
        return (note("one", github_run=1),)

    booked = mine.append(decide)
    assert asked == [0, 1], "decided again on what the other wrote"
    assert booked.added == ()
    assert booked.rows == (theirs,)


def test_a_server_that_is_down_is_tried_again_but_not_for_ever(server: GitServer) -> None:
    server.faults[:] = ["down", "down"]
    assert books(server, "a").append(lambda _: (note("one"),)).added
    server.faults[:] = ["down"] * 40
    broken = books(server, "b")
    with pytest.raises(HubUnreachable, match="run the job again"):
        broken.append(lambda _: (note("two"),))
    assert isinstance(broken.clock, StillClock)
    assert len(broken.clock.slept) == TRIES
    assert max(broken.clock.slept) < 30


@pytest.mark.parametrize(
    ("token", "faults", "kind"), [("wrong", [], HubUnauthorized), (TOKEN, ["forbidden"], HubForbidden)]
)
def test_a_refusal_is_not_tried_again(server: GitServer, token: str, faults: list[str], kind: type[Exception]) -> None:
    server.faults[:] = faults
    mine = books(server, "a", token)
    with pytest.raises(kind):
        mine.append(lambda _: (note("one"),))
    assert mine.clock.slept == []  # type: ignore[attr-defined]  # it is a StillClock
    assert server.pushes <= 1


def test_lines_that_cannot_be_read_are_kept_counted_and_ignored(server: GitServer, tmp_path: Path) -> None:
    books(server, "a").append(lambda _: (note("one"),))
    work = tmp_path / "work"
    at_server(server, "worktree", "add", "-q", str(work), "factory-ledger")
    junk = b'{"half": \n\xff\xfe\n{"id": "x", "kind": "steal"}\n' + b"y" * 20_000  # no line end
    with (work / "2026-11.jsonl").open("ab") as file:
        file.write(junk)
    (work / "notes.txt").write_text("somebody's")
    for arguments in (("add", "-A"), ("-c", "user.name=p", "-c", "user.email=p@p", "commit", "-qm", "by hand")):
        subprocess.run(["git", *arguments], cwd=work, check=True)
    at_server(server, "worktree", "remove", "--force", str(work))
    booked = books(server, "b").append(lambda _: (note("two"),))
    assert ([row.id for row in booked.rows], booked.bad) == (["one", "two"], 4)
    raw = at_server(server, "show", "factory-ledger:2026-11.jsonl")
    assert "steal" in raw
    assert [row.id for row in books(server, "c").read().rows] == ["one", "two"]
    assert at_server(server, "show", "factory-ledger:notes.txt") == "somebody's"


def test_bud_08_the_day_s_cap_holds_across_machines(server: GitServer) -> None:
    """BUD-08: five machines ask for their run's money at once: together they get no more than the day has."""
    settings = limits(run="2", issue=None, day="5")

    def open_(n: int) -> Admission:
        asked = ticket(f"event {n}", issue=n, actor=f"p{n}", actor_id=n)
        booked = books(server, f"m{n}").append(
            lambda rows: tuple(filter(None, (admit(rows, asked, n, settings, NOW).row,)))
        )
        return admit(booked.rows, asked, n, settings, NOW)

    with ThreadPoolExecutor(5) as pool:
        found = list(pool.map(open_, range(1, 6)))
    assert sorted(each.lease.reserved for each in found if each.lease) == [1_000_000, 2_000_000, 2_000_000]
    assert [each.code for each in found].count("budget") == 2
    opened = next(each.lease for each in found if each.lease and each.lease.reserved == 2_000_000)
    books(server, "close").append(lambda _: (closing(opened, NOW, spent=500_000),))
    settled = leg_of(books(server, "r").read().rows, opened.run, 0)
    assert settled
    assert settled.money == 500_000
