"""Issues, comments, labels, reactions and assignees of the GitHub double, with PyGithub and plain HTTP."""

from pathlib import Path

import github
import pytest

from tests.simulator.hubs import World, world


def test_an_issue_from_opening_to_closing_and_its_events(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        w.hub.token("wanda")
        remote = w.remote(w.hub.token("wanda"))
        issue = remote.create_issue("Title", "Body", labels=["agent:swarm"])
        issue.edit(title="Other", body="New body")
        issue.add_to_labels("bug")
        issue.remove_from_labels("bug")
        issue.add_to_assignees("tria")
        issue.edit(state="closed", state_reason="not_planned")
        issue.edit(state="open")
        again = remote.get_issue(issue.number)
        assert (again.title, again.body, again.state, again.user.login) == ("Other", "New body", "open", "wanda")
        assert [each.name for each in again.labels] == ["agent:swarm"]
        assert [each.login for each in again.assignees] == ["tria"]
        actions = [action for _, action, _ in w.events("issues")]
        assert actions == ["opened", "labeled", "edited", "labeled", "unlabeled", "assigned", "closed", "reopened"]
        assert {starts for _, _, starts in w.events()} == {"yes"}
        edited = w.hub.events[3].payload
        assert edited["changes"] == {"title": {"from": "Title"}, "body": {"from": "Body"}}
        assert edited["sender"]["login"] == "wanda"
        assert edited["repository"]["full_name"] == "octo/shop"


def test_events_of_an_actions_token_start_nothing(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        issue = w.remote(w.actions()).create_issue("x", labels=["agent:swarm"])
        issue.create_comment("/factory fix")
        assert {starts for _, _, starts in w.events()} == {"no"}
        assert w.hub.events[-1].actor == "github-actions[bot]"


def test_labels_of_somebody_without_triage_are_dropped(tmp_path: Path) -> None:
    """TRG-01."""
    with world(tmp_path) as w:
        remote = w.remote(w.hub.token("rita"))
        issue = remote.create_issue("x", labels=["agent:swarm"])
        assert not issue.labels
        with pytest.raises(github.GithubException) as refused:
            issue.add_to_labels("agent:swarm")
        assert refused.value.status == 403
        w.remote(w.hub.token("tria")).get_issue(issue.number).add_to_labels("agent:swarm")
        assert w.events("issues")[-1] == ("issues", "labeled", "yes")


def test_a_label_is_there_once_and_removing_what_is_not_there_is_404(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        token = w.actions()
        w.ask("POST", "/issues", token, {"title": "x"})
        for _ in range(2):
            w.ask("POST", "/issues/1/labels", token, {"labels": ["Bug", "bug"]}).raise_for_status()
        assert [each["name"] for each in w.ask("GET", "/issues/1/labels", token).json()] == ["Bug"]
        assert w.ask("DELETE", "/issues/1/labels/BUG", token).json() == []
        assert w.ask("DELETE", "/issues/1/labels/bug", token).status_code == 404
        assert [action for _, action, _ in w.events("issues")] == ["opened", "labeled", "unlabeled"]


def test_labels_of_the_repository(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        remote, token = w.remote(w.actions()), w.actions()
        remote.create_label("agent:swarm", "ff0000", "start")
        twice = w.ask("POST", "/labels", token, {"name": "Agent:Swarm", "color": "00ff00"})
        assert (twice.status_code, twice.json()["errors"][0]["code"]) == (422, "already_exists")
        assert w.ask("POST", "/labels", token, {"name": "x", "color": "red"}).status_code == 422
        assert w.ask("POST", "/labels", token, {"name": "x", "description": "d" * 101}).status_code == 422
        issue = remote.create_issue("x", labels=["agent:swarm"])
        remote.get_label("agent:swarm").edit("agent:new", "0000ff", "renamed")
        assert [each.name for each in remote.get_issue(issue.number).labels] == ["agent:new"]
        remote.get_label("agent:new").delete()
        assert not remote.get_issue(issue.number).labels
        assert [action for _, action, _ in w.events("label")] == ["created", "edited", "deleted"]


@pytest.mark.parametrize(("length", "status"), [(65_536, 201), (65_537, 422)])
def test_the_longest_body(tmp_path: Path, length: int, status: int) -> None:
    with world(tmp_path) as w:
        token, text = w.actions(), "ü" * length
        assert w.ask("POST", "/issues", token, {"title": "x"}).status_code == 201
        for path, body in (("/issues", {"title": "y", "body": text}), ("/issues/1/comments", {"body": text})):
            done = w.ask("POST", path, token, body)
            assert done.status_code == status
            assert status == 201 or "too long" in done.json()["errors"][0]["message"]


@pytest.mark.parametrize(("length", "status"), [(256, 201), (257, 422), (0, 422)])
def test_the_longest_title(tmp_path: Path, length: int, status: int) -> None:
    with world(tmp_path) as w:
        assert w.ask("POST", "/issues", w.actions(), {"title": "t" * length}).status_code == status


def test_comments_are_edited_by_their_author_or_a_writer(tmp_path: Path) -> None:
    """TRG-06: the event of an edit says that it is one, and what it was."""
    with world(tmp_path) as w:
        issue = w.remote(w.hub.token("rita")).create_issue("x")
        mine = issue.create_comment("first")
        path = f"/issues/comments/{mine.id}"
        mine.edit("second")
        assert w.hub.events[-1].action == "edited"
        assert w.hub.events[-1].payload["changes"]["body"]["from"] == "first"
        assert w.ask("PATCH", path, w.hub.token("tria"), {"body": "x"}).status_code == 403
        assert w.ask("PATCH", path, w.hub.token("wanda"), {"body": "x"}).json()["body"] == "x"
        assert w.ask("POST", "/issues/1/comments", w.hub.token("rita"), {"body": " "}).status_code == 422
        mine.delete()
        assert w.ask("GET", path, w.hub.token("rita")).status_code == 404


def test_comments_of_the_whole_repository_since_a_time(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        remote, moment = w.remote(w.actions()), w.hub.extras["moment"]
        for number in range(3):
            moment[0] += 100
            remote.create_issue(f"i{number}").create_comment(f"c{number}")
        since = w.hub.now()
        every = w.ask("GET", "/issues/comments", w.actions()).json()
        late = w.ask("GET", f"/issues/comments?since={since}", w.actions()).json()
        assert [each["body"] for each in every] == ["c0", "c1", "c2"]
        assert [each["body"] for each in late] == ["c2"]


def test_the_same_reaction_again_is_the_one_there_is(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        token = w.actions()
        w.ask("POST", "/issues", token, {"title": "x"})
        comment = w.ask("POST", "/issues/1/comments", token, {"body": "x"}).json()["id"]
        note = _note(w, token)
        for path in ("/issues/1", f"/issues/comments/{comment}", f"/pulls/comments/{note}"):
            first = w.ask("POST", f"{path}/reactions", token, {"content": "eyes"})
            again = w.ask("POST", f"{path}/reactions", token, {"content": "eyes"})
            other = w.ask("POST", f"{path}/reactions", w.hub.token("wanda"), {"content": "eyes"})
            assert (first.status_code, again.status_code, other.status_code) == (201, 200, 201)
            assert first.json()["id"] == again.json()["id"] != other.json()["id"]
            assert len(w.ask("GET", f"{path}/reactions", token).json()) == 2
            assert w.ask("DELETE", f"{path}/reactions/{other.json()['id']}", token).status_code == 403
            assert w.ask("DELETE", f"{path}/reactions/{first.json()['id']}", token).status_code == 204
        assert w.ask("GET", "/issues/1", token).json()["reactions"]["eyes"] == 1


def test_a_reaction_that_there_is_not_is_422(tmp_path: Path) -> None:
    with world(tmp_path, odd=True) as w:
        w.ask("POST", "/issues", w.actions(), {"title": "x"})
        assert w.ask("POST", "/issues/1/reactions", w.actions(), {"content": "shrug"}).status_code == 422


def _note(w: World, token: str) -> int:
    number = w.pull(token)
    head = w.hub.issue(w.repo, number).pull
    assert head is not None
    body = {"body": "hm", "commit_id": head.head_sha, "path": "a.txt", "line": 20, "side": "RIGHT"}
    return int(w.ask("POST", f"/pulls/{number}/comments", token, body).raise_for_status().json()["id"])


def test_lists_of_issues_filter_and_hold_pull_requests(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        remote, token = w.remote(w.actions()), w.actions()
        remote.create_issue("a", labels=["bug", "red"])
        remote.create_issue("b", labels=["bug"]).edit(state="closed")
        number = w.pull(token)

        def numbers(query: str) -> list[int]:
            return [each["number"] for each in w.ask("GET", f"/issues?{query}", token).json()]

        assert numbers("") == [number, 1]
        assert numbers("state=all&direction=asc") == [1, 2, number]
        assert numbers("state=all&labels=bug") == [2, 1]
        assert numbers("state=all&labels=bug,red") == [1]
        assert numbers("creator=nobody") == []
        shown = w.ask("GET", f"/issues/{number}", token).json()
        assert shown["pull_request"]["url"].endswith(f"/pulls/{number}")
        assert "pull_request" not in w.ask("GET", "/issues/1", token).json()


def test_a_comment_on_a_pull_request_says_so(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        number = w.pull(w.actions())
        w.ask("POST", f"/issues/{number}/comments", w.hub.token("wanda"), {"body": "/factory fix"})
        event = w.hub.events[-1]
        assert (event.name, event.action, event.starts) == ("issue_comment", "created", "yes")
        assert event.payload["issue"]["pull_request"]
        assert event.payload["comment"]["author_association"] == "COLLABORATOR"
