"""Commands in comments: what is one, what is none, and what is told about a wrong one."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.contracts.ticket import ROLES, Command
from factory.forge.commands import VERBS, NotUnderstood, misplaced, parse, purpose, role_for


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/factory plan", Command(verb="plan")),
        ("/factory approve\r\nlooks good", Command(verb="approve")),
        ("\n\n  /factory\tfix  \nplease keep the name", Command(verb="fix")),
        ("/factory review", Command(verb="review")),
        ("/factory security", Command(verb="security")),
        ("/factory retry", Command(verb="retry")),
        ("/factory redo unit-2", Command(verb="redo", unit="unit-2")),
        ("/factory redo api with frontier", Command(verb="redo", unit="api", frontier=True)),
        ("/factory only api_v2", Command(verb="only", unit="api_v2")),
        ("/factory skip refine", Command(verb="skip", step="refine")),
        ("/factory budget +2.50", Command(verb="budget", amount=Decimal("2.50"))),
        ("/factory budget +$3", Command(verb="budget", amount=Decimal(3))),
        ("/factory why", Command(verb="why")),
        ("/factory status", Command(verb="status")),
        ("/factory stop", Command(verb="stop")),
    ],
)
def test_every_verb_is_read(text: str, command: Command) -> None:
    assert parse(text) == command


@pytest.mark.parametrize(
    "text",
    [
        "please do not /factory fix",
        "> /factory fix",
        "```\n/factory fix\n```",
        "~~~\n/factory fix",
        "`/factory fix`",
        "<!-- /factory fix -->",
        "<!--\n/factory fix\n-->",
        "    /factory fix",
        "\t/factory fix",
        "\n \t/factory fix",
        "- /factory fix",
        "1. /factory fix",
        "# /factory fix",
        "@bot /factory fix",
        "hello\n/factory fix",
        "",
        "   ",
    ],
)
def test_trg_07_a_command_is_the_first_token_of_the_first_line(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "/factory\u200bfix",
        "/f\u0430ctory fix",
        "\u200b/factory fix",
        "/factory\u00a0fix",
        "\u2028/factory fix",
        "\ufeff/factory fix",
        "/Factory fix",
        "/FACTORY fix",
        "/factoryfix",
        "//factory fix",
        "/factory: fix",
        "\\/factory fix",
    ],
)
def test_trg_08_the_token_is_ascii_and_exact(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("/factory", "needs a verb"),
        ("/factory fxi", "did you mean `/factory fix`"),
        ("/factory Fix", "did you mean `/factory fix`"),
        ("/factory f\u0456x", "`/factory fix`"),
        ("/factory xyzzy", "There are `plan`"),
        ("/factory fix the login", "nothing else on that line"),
        ("/factory redo", "redo UNIT"),
        ("/factory redo ../../etc", "redo UNIT"),
        ("/factory redo a with cloud", "redo UNIT"),
        ("/factory redo a with frontier now", "redo UNIT"),
        ("/factory only a b", "only UNIT"),
        ("/factory skip gather", "`verify` or `refine`"),
        ("/factory skip", "`verify` or `refine`"),
        ("/factory budget 5", "budget +2.50"),
        ("/factory budget +0", "budget +2.50"),
        ("/factory budget +1e9", "budget +2.50"),
        ("/factory budget +1001", "budget +2.50"),
        ("/factory budget +\u0665", "budget +2.50"),
        ("/factory budget -5", "budget +2.50"),
    ],
)
def test_what_is_not_understood_says_what_to_write(text: str, hint: str) -> None:
    found = parse(text)
    assert isinstance(found, NotUnderstood)
    assert hint in found.reason


@given(st.text(max_size=60))
def test_an_answer_never_holds_what_was_written(words: str) -> None:
    """TRG-11: an answer to a stranger's words repeats none of them."""
    found = parse(f"/factory zq{words}")
    if isinstance(found, NotUnderstood):
        known = parse("/factory zqzqzqzq")
        assert isinstance(known, NotUnderstood)
        assert found.reason == known.reason or "did you mean" in found.reason or "Write `/factory" in found.reason


@given(st.text(alphabet="/factory fix`>\n\t -<!", max_size=40))
def test_only_what_begins_with_the_token_is_a_command(text: str) -> None:
    if parse(text) is not None:
        assert text.lstrip(" \t\r\n").startswith("/factory")


def test_where_verbs_stand() -> None:
    assert purpose(Command(verb="fix"), "issue") == "demiurge"
    assert purpose(Command(verb="fix"), "pull") == "revise"
    assert purpose(Command(verb="review"), "issue") is None
    assert "pull requests only" in misplaced("review")
    assert "issues only" in misplaced("plan")
    for verb, row in VERBS.items():
        assert row.issue or row.pull
        assert row.form.split()[0] == verb


def test_roles_of_commands() -> None:
    assert role_for("fix", "write", {}) == "write"
    assert role_for("stop", "write", {}) == "triage"
    assert role_for("stop", "write", {"stop": "admin"}) == "admin"
    assert role_for(None, "maintain", {}) == "maintain"
    assert role_for("status", "write", {"status": "none"}) == "read"
    assert all(ROLES.index(role_for(verb, "write", {})) >= ROLES.index("triage") for verb in VERBS)
