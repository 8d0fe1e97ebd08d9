"""What the client can ask of GitHub at all."""

import re

import pytest

from factory.contracts.errors import Refusal
from factory.forge.allowed import ALLOWED, MUTATIONS, path_of
from factory.forge.github import PyGithubWire
from tests.forge.answering import TestClock, answering

WRITES = {
    "POST /repos/{repo}/issues", "PATCH /repos/{repo}/issues/{number}",
    "POST /repos/{repo}/issues/{number}/comments", "PATCH /repos/{repo}/issues/comments/{comment}",
    "POST /repos/{repo}/issues/{number}/labels", "DELETE /repos/{repo}/issues/{number}/labels/{name}",
    "POST /repos/{repo}/issues/{number}/assignees", "POST /repos/{repo}/issues/{number}/reactions",
    "POST /repos/{repo}/issues/comments/{comment}/reactions", "POST /repos/{repo}/labels",
    "POST /repos/{repo}/pulls", "PATCH /repos/{repo}/pulls/{number}", "POST /repos/{repo}/pulls/{number}/reviews",
    "POST /repos/{repo}/pulls/{number}/comments/{comment}/replies",
    "POST /repos/{repo}/pulls/comments/{comment}/reactions", "POST /repos/{repo}/check-runs",
    "PATCH /repos/{repo}/check-runs/{check}", "POST /repos/{repo}/code-scanning/sarifs",
    "POST /repos/{repo}/actions/runs/{run}/cancel", "POST /repos/{repo}/actions/runs/{run}/rerun",
    "POST /repos/{repo}/actions/runs/{run}/rerun-failed-jobs",
    "POST /repos/{repo}/actions/workflows/{workflow}/dispatches", "POST /repos/{repo}/dispatches",
    "POST /graphql", "POST /app/installations/{installation}/access_tokens",
}  # fmt: skip
FORBIDDEN = re.compile(
    r"merge|dismiss|protection|ruleset|collaborators$|/hooks|/keys|secrets|variables|environments|/contents|/git/|"
    r"approve|permissions$|/transfer|/releases|/deployments|/runners|/invitations"
)
REFUSED = [
    ("PUT", "/repos/{repo}/pulls/{number}/merge"),
    ("POST", "/repos/{repo}/merges"),
    ("PUT", "/repos/{repo}/pulls/{number}/reviews/{review}/dismissals"),
    ("POST", "/repos/{repo}/pulls/{number}/reviews/{review}/events"),
    ("PUT", "/repos/{repo}/branches/{branch}/protection"),
    ("DELETE", "/repos/{repo}/branches/{branch}/protection"),
    ("POST", "/repos/{repo}/rulesets"),
    ("PATCH", "/repos/{repo}"),
    ("PUT", "/repos/{repo}/collaborators/{login}"),
    ("POST", "/repos/{repo}/actions/runs/{run}/approve"),
    ("DELETE", "/repos/{repo}/issues/comments/{comment}"),
    ("POST", "/repos/{repo}/{rest}"),
    ("PUT", "/repos/{repo}/contents/{rest}"),
]


def test_wfp_08_the_writes_are_these_and_no_others() -> None:
    """WFP-08: a new one has to be written down here too."""
    assert {f"{verb} {template}" for verb, template in ALLOWED if verb != "GET"} == WRITES
    assert not [write for write in WRITES if FORBIDDEN.search(write)]
    assert not [verb for verb, _ in ALLOWED if verb == "PUT"]


@pytest.mark.parametrize(("verb", "template"), REFUSED)
def test_wfp_08_merging_approving_and_rules_cannot_be_asked_for(verb: str, template: str) -> None:
    """WFP-08: refused before anything is sent."""
    values = {name: "1" for name in re.findall(r"{(\w+)}", template) if name != "repo"}
    with answering(TestClock(), lambda _: (200, {}, {})) as server:
        with pytest.raises(Refusal) as caught:
            server.hub().caller.call(verb, template, {}, **values)
        assert caught.value.code == "not_allowed"
        assert not server.asked


@pytest.mark.parametrize("event", ["APPROVE", "REQUEST_CHANGES", "", None])
def test_wfp_08_a_review_only_comments(event: str | None) -> None:
    body = {"event": event, "body": "x"}
    with answering(TestClock(), lambda _: (200, {}, {})) as server:
        with pytest.raises(Refusal):
            server.hub().caller.call("POST", "/repos/{repo}/pulls/{number}/reviews", body, number=1)
        with pytest.raises(Refusal):
            server.hub().caller.call("POST", "/graphql", {"query": "mutation { mergePullRequest }"})
        assert not server.asked
    assert all("PullRequest" in text and "merge" not in text.lower() for text in MUTATIONS.values())


@pytest.mark.parametrize("value", ["", "..", "a/../b", "../../orgs/acme", "a//b", "."])
def test_a_value_stays_in_its_place(value: str) -> None:
    with pytest.raises(Refusal):
        path_of("/repos/{repo}/git/ref/heads/{branch}", "acme/shop", branch=value)


def test_a_value_is_quoted() -> None:
    assert path_of("/repos/{repo}/labels/{name}", "acme/shop", name="a b/c?d#e%") == (
        "/repos/acme/shop/labels/a%20b%2Fc%3Fd%23e%25"
    )
    assert path_of("/repos/{repo}/collaborators/{login}/permission", "acme/shop", login="x[bot]").count("/") == 6


def test_every_allowed_request_is_one_that_the_forge_makes() -> None:
    """An entry that nothing uses would be a right that nobody asked for."""
    from pathlib import Path

    import factory.forge

    folder = Path(next(iter(factory.forge.__path__)))
    text = "".join(path.read_text() for path in folder.glob("*.py") if path.name != "allowed.py")
    last = {template.rsplit("/", 1)[-1] for _, template in ALLOWED}
    assert not [word for word in last if word not in text]
    assert PyGithubWire.__doc__
