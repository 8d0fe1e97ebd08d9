"""A night that only says what it would do: the same decisions as the night's, and nothing is written."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.contracts.catch import Catch, Theme
from factory.contracts.errors import Refusal, UsageProblem
from factory.contracts.finding import Finding
from factory.contracts.hunt import Hunted
from factory.forge.answers import Reply
from factory.hunt.triage import ranked
from factory.jobs.rehearsal import OnlyReads, rehearsed
from factory.settings import Settings
from factory.simulator.hub.nouns import Label
from tests.jobs.place import REPO, Place, place
from tests.jobs.test_hunt import RULES, Nights, found


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path) as made:
        made.hub.user("dora")
        yield made


def would(here: Place, *findings: Finding, hunted: Hunted | None = None, settings: Settings | None = None,
          themes: tuple[Theme, ...] = ()) -> list[str]:  # fmt: skip
    """What a rehearsal says, by a person who has none of the ship jobs' keys. It must leave everything as it is."""
    catch = Catch(commit=here.base_sha, rules=RULES, ranked=ranked(findings, {}), themes=themes,
                  hunted=hunted or Hunted(detectors=("bare-except", "shell-command")))  # fmt: skip
    scratch = here.folder / "scratch" / str(here.next_run())
    scratch.mkdir(parents=True)
    environment = {
        "GITHUB_TOKEN": here.hub.token("ann"),
        "GITHUB_API_URL": here.served.url, "GITHUB_SERVER_URL": here.served.server_url,
    }  # fmt: skip
    before = _written(here), here.ledger()
    said = rehearsed(catch, REPO, settings or Settings(), environment, here.clock, scratch)
    assert (_written(here), here.ledger()) == before
    return said


def _written(here: Place) -> list[int]:
    return [here.sent(verb) for verb in ("POST", "PATCH", "PUT", "DELETE")]


def test_what_would_be_filed_changed_closed_and_opened_again(here: Place) -> None:
    night = Nights(here)
    assert would(here, found()) == ["would file an issue: An except without a type: shop/cart.py"]
    night(found())
    assert would(here, found()) == []
    assert would(here, found(line=40)) == ["would change #1: An except without a type: shop/cart.py"]
    assert would(here) == ["would close #1: An except without a type: shop/cart.py"]
    night()
    assert would(here, found(line=7)) == ["would open again #1: An except without a type: shop/cart.py"]
    here.repo.issues[1].state = "open"
    assert would(here, hunted=Hunted(detectors=("bare-except",), failed=("shop/cart.py",))) == []


def test_what_waits_or_is_somebodys_already_is_said(here: Place) -> None:
    number = here.issue("shop/cart.py has an except without a type", "bare-except in shop/cart.py")
    assert would(here, found()) == [f"bare-except in shop/cart.py is what #{number} is about: not filed."]
    said = would(here, found(path="a.py"), found(path="b.py"), settings=_settings(filed_a_day=1))
    assert said == [
        "would file an issue: An except without a type: a.py",
        "1 wait for another day: hunt.filed_a_day = 1.",
    ]


def test_themes_would_be_pull_requests_up_to_the_days_cap_and_no_issues(here: Place) -> None:
    one, two = found(path="a.py"), found(path="b/b.py")
    themes = tuple(
        Theme(id=f"bare-except-{n}", detector="bare-except", package=package, findings=(item.id,), lines=2)
        for n, (item, package) in enumerate(((one, ""), (two, "b")))
    )
    assert would(here, one, two, themes=themes, settings=_settings(pulls_a_day=1)) == [
        "bare-except in the root, 1 finding, 2 lines: would open a pull request, unless the tests get worse.",
        "bare-except in b, 1 finding, 2 lines: waits for another day: hunt.pulls_a_day = 1.",
    ]


def test_issues_for_the_night_are_named(here: Place) -> None:
    number = here.issue("Codes at the checkout")
    here.repo.labels["factory:night"] = Label(here.hub.next_id(), "factory:night", "ededed")
    here.repo.issues[number].labels.append("factory:night")
    assert would(here) == [f"would take up #{number}, if its author may start work: Codes at the checkout"]


def test_the_wire_sends_nothing_but_questions(here: Place) -> None:
    class Wire:
        def send(self, verb: str, path: str, query: object, body: object, accept: str, token: str) -> Reply:
            raise AssertionError(f"{verb} {path} was sent")

    with pytest.raises(Refusal, match="A rehearsal writes nothing: POST /graphql"):
        OnlyReads(Wire()).send("POST", "/graphql", {}, {}, "", "")


def test_without_a_token_it_says_so(here: Place, tmp_path: Path) -> None:
    catch = Catch(commit=here.base_sha, rules=RULES)
    with pytest.raises(UsageProblem, match="GITHUB_TOKEN is not set"):
        rehearsed(catch, REPO, Settings(), {"GITHUB_API_URL": here.served.url}, here.clock, tmp_path)


def _settings(**hunt: int) -> Settings:
    plain = Settings()
    return plain.but(hunt=plain.hunt.but(**hunt))
