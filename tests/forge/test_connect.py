"""Which token is used, how an App's is minted, and what it may do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.contracts.errors import HubForbidden, HubUnauthorized, UsageProblem
from factory.forge.connect import connect, tokens_for
from factory.simulator.hub.apps import register
from factory.simulator.hub.nouns import App, Level
from tests.forge.answering import REPO, TestClock
from tests.forge.world import SHIP, World, world
from tests.keypairs import app_keypair

API = "https://api.github.com"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made
        assert not made.hub.violations


def installed(place: World, public: str, permissions: dict[str, Level] | None = None) -> App:
    return register(
        place.hub,
        "our-factory",
        permissions or {**SHIP, "metadata": "read", "workflows": "write"},
        place.repo,
        pem=public,
    )


def test_an_app_token_is_minted_for_this_repository_with_least_rights(place: World, app_keys: tuple[str, str]) -> None:
    """Also where this machine's clock is far off GitHub's (ACT-11): the double's time is not ours."""
    app = installed(place, app_keys[1])
    masked: list[str] = []
    said: list[str] = []
    environment = {"FACTORY_APP_ID": str(app.id), "FACTORY_APP_KEY": app_keys[0], "GITHUB_TOKEN": "ghs_other"}
    hub = connect(REPO, place.url, environment, place.clock, said.append, mask=masked.append)
    assert hub.comment(1, "x").author.login == "our-factory[bot]" == hub.own_login()
    assert said == ["Writing as the App."]
    [token] = masked
    held = place.hub.tokens[token]
    assert held.repo == REPO
    assert not held.grants("workflows", "write")
    assert held.grants("contents", "write")


def test_gha_06_an_expired_app_token_is_minted_again(place: World, app_keys: tuple[str, str]) -> None:
    """GHA-06: a job of more than an hour."""
    app = installed(place, app_keys[1])
    environment = {"FACTORY_APP_ID": str(app.id), "FACTORY_APP_KEY": app_keys[0].replace("\n", "\\n")}
    hub = connect(REPO, place.url, environment, place.clock)
    hub.comment(1, "one")
    place.clock.seconds += 3700
    hub.comment(1, "two")
    assert len(place.repo.issues[1].comments) == 2
    assert sum(path.endswith("/access_tokens") for _, path, *_ in place.hub.requests) >= 2


def test_what_the_owner_has_to_do_is_said(place: World, app_keys: tuple[str, str]) -> None:
    other, _ = app_keypair()
    app = installed(place, app_keys[1], {"issues": "write"})
    for key, words in ((other, "FACTORY_APP_KEY"), (app_keys[0], "lacks a permission")):
        environment = {"FACTORY_APP_ID": str(app.id), "FACTORY_APP_KEY": key}
        with pytest.raises(HubUnauthorized, match=words):
            connect(REPO, place.url, environment, place.clock).issue(1)
    app.installations.clear()
    with pytest.raises(HubUnauthorized, match="not installed"):
        connect(REPO, place.url, {"FACTORY_APP_ID": str(app.id), "FACTORY_APP_KEY": app_keys[0]}, place.clock).issue(1)


def test_a_permission_that_was_not_asked_for_is_not_there(place: World, app_keys: tuple[str, str]) -> None:
    app = installed(place, app_keys[1])
    environment = {"FACTORY_APP_ID": str(app.id), "FACTORY_APP_KEY": app_keys[0]}
    hub = connect(REPO, place.url, environment, place.clock, permissions={"issues": "read", "metadata": "read"})
    assert hub.issue(1).title == "Broken"
    with pytest.raises(HubForbidden):
        hub.comment(1, "x")


@pytest.mark.parametrize(
    ("environment", "kind"),
    [
        ({"GITHUB_TOKEN": "ghs_x"}, "actions"),
        ({"GITHUB_TOKEN": "opaque", "GITHUB_ACTIONS": "true"}, "actions"),
        ({"GITHUB_TOKEN": "opaque"}, "pat"),
        ({"GITHUB_TOKEN": "ghp_x", "GITHUB_ACTIONS": "true"}, "pat"),
        ({"GITHUB_TOKEN": "github_pat_x"}, "pat"),
        ({"GITHUB_TOKEN": "ghs_x", "FACTORY_APP_ID": "1", "FACTORY_APP_KEY": "pem"}, "app"),
    ],
)
def test_the_kind_of_token_is_known(environment: dict[str, str], kind: str) -> None:
    assert tokens_for(REPO, API, environment).kind == kind


@pytest.mark.parametrize(
    ("environment", "words"),
    [({}, "GITHUB_TOKEN"), ({"FACTORY_APP_ID": "1"}, "FACTORY_APP_KEY"), ({"FACTORY_APP_KEY": "x"}, "FACTORY_APP_ID")],
)
def test_what_is_missing_is_named(environment: dict[str, str], words: str) -> None:
    with pytest.raises(UsageProblem, match=words):
        connect(REPO, API, environment, TestClock())
