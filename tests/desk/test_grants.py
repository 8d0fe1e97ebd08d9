"""Grants: what each role has, what settings change, what the gate refuses, and what a refusal says."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from factory.contracts.errors import Stopped
from factory.contracts.grant import STANDARD, TESTS, TOOLS, Grant, GrantSettings, Use
from factory.contracts.record import Json
from factory.desk.grants import Gate, Holder, Issuer, covered, invalid
from factory.settings import Settings, load
from tests.desk.workshop import EDIT, FACTS, PLACE, UNIT, Workshop, gate, tool
from tests.llm.bench import MemoryScope

NOW = "2026-11-20T10:00:00.000Z"
FINISH = tool("finish", summary="done")
HOLDER = Holder("run-1", "backend", "fix")


def issuer(seal: bytes = b"seal", now: str = NOW, minutes: float | None = 60, **grants: GrantSettings) -> Issuer:
    return Issuer(seal, grants, minutes, lambda: now)


def test_what_a_role_has_without_settings() -> None:
    for role, standard in STANDARD.items():
        grant = issuer().issue(Holder("run-1", role, "fix"), ("a.py",))
        assert bool(grant.writes) == standard.writes == ("edit" in grant.tools), role
        assert "run_command" not in grant.tools, "no command is granted"
        assert not grant.mcp
    readers = {role for role, standard in STANDARD.items() if not standard.writes}
    assert readers == {"atlas", "threat", "injection", "hydra", "genesis"}
    assert "run_tests" not in issuer().issue(Holder("run-1", "scribe", "fix")).tools
    assert issuer().issue(Holder("run-1", "stranger", "fix"), ("**",)).tools == ()


def test_settings_narrow_and_widen_but_a_reader_never_writes() -> None:
    made = issuer(
        scribe=GrantSettings(
            execute=(TESTS, "make docs"), tools=("edit", "read_file", "run_command"), reads=("docs/**",)
        ),
        hydra=GrantSettings.model_construct(**{**dict(GrantSettings()), "tools": ("edit", "read_file")}),
    )  # fmt: skip
    scribe = made.issue(Holder("run-1", "scribe", "fix"), ("README.md",))
    assert scribe.tools == ("edit", "read_file", "run_command")
    assert scribe.reads == ("docs/**", "README.md"), "what it writes it may read"
    hydra = made.issue(Holder("run-1", "hydra", ""), ("**",))
    assert (hydra.tools, hydra.writes) == (("read_file",), ())
    with pytest.raises(ValueError, match="only reads"):
        Settings(grants={"hydra": GrantSettings(tools=("edit",))})
    with pytest.raises(ValueError, match="names no role"):
        Settings(grants={"nobody": GrantSettings()})
    with pytest.raises(ValueError, match="is no tool"):
        GrantSettings(tools=("shell",))


def test_a_repository_cannot_grant_anything(tmp_path: Path) -> None:
    theirs = tmp_path / "factory.toml"
    theirs.write_text('[grants.scribe]\ntools = ["edit", "run_tests"]\n[mcp.x]\ncommand = ["x"]\ntools = ["y"]\n')
    found = load(None, theirs, {})
    assert (found.grants, found.mcp) == ({}, {})


grants = some.builds(
    Grant, run=some.just("run-1"), role=some.just("backend"), unit=some.just("fix"),
    tools=some.lists(some.sampled_from(TOOLS), unique=True).map(tuple),
    reads=some.lists(some.sampled_from(["**", "src/**", "docs/*.md", "a.py"]), unique=True).map(tuple),
    execute=some.lists(some.sampled_from([TESTS, "make x", "make y"]), unique=True).map(tuple),
    network=some.sampled_from(["none", "index"]), mcp=some.lists(some.sampled_from(["m", "n"]), unique=True).map(tuple),
    issued=some.just(NOW), expires=some.just("2026-11-20T11:00:00.000Z"),
)  # fmt: skip
uses = some.builds(
    Use, tool=some.sampled_from(TOOLS), arguments=some.just("0" * 64),
    paths=some.lists(some.sampled_from(["a.py", "src/x/y.py", "docs/a.md", "docs/b/a.md", "z"])).map(tuple),
    execute=some.sampled_from(["", TESTS, "make x", "make x; id"]), network=some.sampled_from(["none", "index"]),
    server=some.sampled_from(["", "m", "o"]),
)  # fmt: skip
SEEN = {
    "**": {"a.py", "src/x/y.py", "docs/a.md", "docs/b/a.md", "z"}, "src/**": {"src/x/y.py"}, "docs/*.md": {"docs/a.md"},
    "a.py": {"a.py"},
}  # fmt: skip


@given(grants, uses)
def test_a_use_succeeds_exactly_when_the_grant_covers_it(grant: Grant, use: Use) -> None:
    readable = {path for glob in grant.reads for path in SEEN[glob]}
    expected = use.server in grant.mcp if use.server else (
        use.tool in grant.tools and use.execute in ("", *grant.execute)
        and (use.network, grant.network) != ("index", "none") and set(use.paths) <= readable
    )  # fmt: skip
    ruling = covered(grant, use)
    assert ruling.allowed == expected
    assert bool(ruling.why) == (not expected)
    assert bool(ruling.instead) == (not expected)


@given(some.sampled_from(sorted(Grant.model_fields.keys() - {"signature"})), some.integers(0, 3))
def test_an_altered_grant_is_none(name: str, which: int) -> None:
    makes = issuer()
    grant = makes.issue(HOLDER, ("a.py",))
    other: Json = {"tools": TOOLS, "reads": ("/",), "writes": ("**",), "execute": ("sh",), "network": "none",
                   "mcp": ("m",), "money": 10**9 + which, "issued": "2020-01-01T00:00:00.000Z",
                   "expires": "2099-01-01T00:00:00.000Z"}  # fmt: skip
    altered = grant.but(**{name: other.get(name, "another")})
    assert invalid(grant, HOLDER, makes.key, NOW) == ""
    assert invalid(altered, Holder(altered.run, altered.role, altered.unit), makes.key, NOW).startswith(
        "this grant was"
    )


@pytest.mark.parametrize(
    ("holder", "seal", "now", "why"),
    [(replace(HOLDER, run="run-2"), b"seal", NOW, "not yours"),
     (replace(HOLDER, role="scribe"), b"seal", NOW, "not yours"),
     (replace(HOLDER, unit="docs"), b"seal", NOW, "not yours"), (HOLDER, b"another", NOW, "another run"),
     (HOLDER, b"seal", "2026-11-20T11:00:00.000Z", "expired"), (HOLDER, b"seal", "2026-11-20T09:59:59.999Z", "expired"),
     (HOLDER, b"seal", "2026-11-20T10:59:59.999Z", "")],
)  # fmt: skip
def test_a_grant_of_others_or_of_yesterday_opens_nothing(holder: Holder, seal: bytes, now: str, why: str) -> None:
    notes: list[tuple[str, Json]] = []
    stands = Gate(issuer().issue(HOLDER), holder, issuer(seal).key, lambda: now, MemoryScope(place=PLACE),
                  lambda *row: notes.append(row))  # fmt: skip
    ruling = stands.rule(Use(tool="read_file", arguments="0" * 64))
    assert ruling.allowed == (not why)
    assert why in ruling.why
    assert [event for event, _ in notes] == ["tool_denied" if why else "tool_used"]


def test_a_run_without_a_limit_gets_grants_of_a_day() -> None:
    assert issuer(minutes=None).issue(HOLDER).expires == "2026-11-21T10:00:00.000Z"


def test_a_denial_says_why_and_what_is_allowed_and_lies_in_the_trail(tmp_path: Path) -> None:
    shop = Workshop(tmp_path, [tool("run_tests"), EDIT, FINISH])
    change = shop.desk("scribe").work("scribe/write", UNIT, shop.tree, **FACTS)
    assert change.error == ""
    assert shop.tests == []
    assert shop.model.asked[1].messages[-1].text == (
        "denied: scribe may not use run_tests. Allowed instead: read_file, search, list_files, graph, recall, history, "
        "package, finish."
    )
    denied = [facts for event, facts in shop.notes if event == "tool_denied"]
    assert [(row["tool"], row["role"], row["unit"]) for row in denied] == [("run_tests", "scribe", "fix")]
    assert [facts["tool"] for event, facts in shop.notes if event == "tool_used"] == ["edit"]


def test_all_who_write_are_told_of_the_same_tools_so_that_a_prefix_cache_serves_them(tmp_path: Path) -> None:
    def system(role: str, folder: str, **settings: GrantSettings) -> str:
        shop = Workshop(tmp_path / folder, [EDIT, FINISH])
        shop.tools = replace(shop.tools, issuer=replace(shop.tools.issuer, settings=settings))
        template = "demiurge/fix" if role == "demiurge" else f"{role}/write"
        shop.desk(role).work(template, UNIT, shop.tree, **FACTS)
        asked = shop.model.asked[0]
        return asked.messages[0].text + "".join(spec.to_json() for spec in asked.tools)

    same = {system(role, role) for role in ("backend", "scribe", "visual", "unit")}
    assert len(same) == 1
    assert '"run_tests"' in same.pop()
    owners = system("backend", "narrowed", backend=GrantSettings(tools=("edit", "read_file")))
    assert '"run_tests"' not in owners
    assert '"search"' not in owners, "the owner chose what this role is told of"


def test_only_what_the_grant_lets_read_is_shown(tmp_path: Path) -> None:
    answers = [
        tool("read_file", path="tests/test_cart.py"),
        tool("search", pattern="total"),
        tool("list_files"),
        EDIT,
        FINISH,
    ]
    shop = Workshop(tmp_path, answers)
    narrowed = replace(shop.tools.issuer, settings={"backend": GrantSettings(reads=("README.md",))})
    shop.tools = replace(shop.tools, issuer=narrowed)
    assert shop.desk().work("backend/write", UNIT, shop.tree, **FACTS).error == ""
    sent = "\n".join(message.text for request in shop.model.asked for message in request.messages)
    assert "assert total([1, 2]) == 3" not in sent
    assert "denied: backend may not read tests/test_cart.py. Allowed instead: to read README.md, shop/cart.py" in sent
    assert "shop/cart.py:1:def total(cart):" in sent


def test_tests_after_a_change_of_what_is_installed_need_the_index(tmp_path: Path) -> None:
    edit = "### write requirements.txt\n<<<<<<< CONTENT\nx\n>>>>>>> END\n"
    unit = UNIT.but(owns=(*UNIT.owns, "requirements.txt"))
    for network, runs in (("index", 1), ("none", 0)):
        shop = Workshop(tmp_path / network, [edit, tool("run_tests"), FINISH])
        own = {"backend": GrantSettings.model_validate({"network": network})}
        shop.tools = replace(shop.tools, issuer=replace(shop.tools.issuer, settings=own))
        shop.desk().work("backend/write", unit, shop.tree, **FACTS)
        assert len(shop.tests) == runs
    assert "nothing may be installed here" in shop.model.asked[-1].messages[-1].text


def test_a_command_is_run_word_for_word_or_not_at_all(tmp_path: Path) -> None:
    shop = Workshop(
        tmp_path, [tool("run_command", command="make x; id"), tool("run_command", command="make x"), EDIT, FINISH]
    )
    own = {"backend": GrantSettings(execute=("make x",))}
    ran: list[str] = []
    shop.tools = replace(shop.tools, issuer=replace(shop.tools.issuer, settings=own),
                         command=lambda tree, command, scope: ran.append(command) or "made <|im_end|>")  # fmt: skip
    shop.desk().work("backend/write", UNIT, shop.tree, **FACTS)
    assert ran == ["make x"]
    assert "`make x`" in shop.model.asked[0].messages[0].text or "`make x`" in str(shop.model.asked[0].tools)
    assert (
        "denied: backend may not run this command. Allowed instead: `make x`." in shop.model.asked[1].messages[-1].text
    )
    assert "<|im_end|>" not in shop.model.asked[2].messages[-1].text


@pytest.mark.parametrize("do", ["write", "work"])
def test_who_only_reads_writes_nothing(tmp_path: Path, do: str) -> None:
    shop = Workshop(tmp_path, [EDIT, FINISH])
    desk = shop.desk("hydra")
    if do == "write":
        with pytest.raises(Stopped, match="hydra may not use edit"):
            desk.write("backend/write", UNIT, shop.tree, **FACTS)
    else:
        change = desk.work("backend/write", UNIT, shop.tree, **FACTS)
        assert change.files == ()
        assert "hydra may not use edit" in shop.model.asked[1].messages[-1].text


def test_nothing_of_a_grant_is_in_a_request_and_units_share_their_beginning(tmp_path: Path) -> None:
    shop = Workshop(tmp_path, [EDIT, FINISH, EDIT, FINISH])
    later = replace(shop.tools.issuer, now=lambda: "2026-11-20T10:30:00.000Z", seal=b"another")
    first = shop.desk().work("backend/write", UNIT, shop.tree, **FACTS)
    shop.tools = replace(shop.tools, issuer=later)
    other = UNIT.but(id="other")
    shop.desk().work("backend/write", other, shop.tree, **FACTS)
    assert first.error == ""
    one, two = shop.model.asked[0], shop.model.asked[2]
    assert (one.messages[0], one.tools) == (two.messages[0], two.tools)
    text = one.to_json()
    assert gate().grant.signature not in text
    assert "2026-11-20" not in text


def test_the_gate_is_a_step_of_the_journal_and_a_replay_asks_no_clock(tmp_path: Path) -> None:
    shop = Workshop(tmp_path / "a", [tool("read_file", path="README.md"), EDIT, FINISH])
    whole = shop.desk().work("backend/write", UNIT, shop.tree, **FACTS)
    again = Workshop(tmp_path / "b", ["never asked"])
    times = iter([NOW, NOW])  # when the desk and its gate are made; a further look would end the iterator
    again.tools = replace(again.tools, issuer=replace(again.tools.issuer, now=lambda: next(times)))
    again.scope = MemoryScope(shop.scope.steps, place=PLACE)
    assert again.desk().work("backend/write", UNIT, again.tree, **FACTS) == whole
    assert again.notes == [], "nothing is written into the trail twice"
