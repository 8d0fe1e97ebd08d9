"""Pull requests, reviews and comments on lines of the GitHub double."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import github
import pytest

from factory.simulator.hub import bare, lines
from factory.simulator.hub.nouns import Pull
from tests.simulator.hubs import World, world
from tests.simulator.hubs import lines as text_lines


def half(w: World, number: int) -> Pull:
    found = w.hub.issue(w.repo, number).pull
    assert found is not None
    return found


def errors(answer: object) -> list[object]:
    return list(getattr(answer, "json")()["errors"])  # noqa: B009  an httpx answer


def test_pygithub_reads_a_pull_request_its_files_commits_and_diff(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        token = w.actions()
        number = w.pull(token, **{"new.txt": b"a\nb\n"})
        pull = w.remote(token).get_pull(number)
        assert (pull.title, pull.draft, pull.merged, pull.mergeable) == ("T", True, False, True)
        assert (pull.additions, pull.deletions, pull.changed_files, pull.commits) == (3, 1, 2, 1)
        assert (pull.head.ref, pull.base.ref, pull.head.sha) == ("work", "main", bare.branch(w.repo.folder, "work"))
        files = {each.filename: each for each in pull.get_files()}
        assert files["new.txt"].status == "added"
        assert files["a.txt"].patch.startswith("@@ -17,7 +17,7 @@")
        assert [each.commit.message for each in pull.get_commits()] == ["change"]
        diff = w.ask("GET", f"/pulls/{number}", token, Accept="application/vnd.github.diff").text
        assert "+line twenty" in diff
        assert [each.number for each in w.remote(token).get_pulls(head="octo:work")] == [number]
        assert not list(w.remote(token).get_pulls(head="octo:other"))


def test_issues_and_pull_requests_share_their_numbers(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        token = w.actions()
        first = w.remote(token).create_issue("x").number
        number = w.pull(token)
        assert (first, number) == (1, 2)
        assert w.ask("GET", "/pulls/1", token).status_code == 404


def test_no_second_pull_request_for_the_same_branch(tmp_path: Path) -> None:
    """IDM-04: what exists is said to exist."""
    with world(tmp_path) as w:
        token = w.actions()
        w.pull(token)
        again = w.ask("POST", "/pulls", token, {"title": "T", "head": "work", "base": "main"})
        assert again.status_code == 422
        assert again.json()["errors"][0]["message"] == "A pull request already exists for octo:work."


def test_of_many_at_once_one_opens_the_pull_request(tmp_path: Path) -> None:
    """IDM-02."""
    with world(tmp_path) as w:
        w.commit("work", {"b": b"b"})
        body = {"title": "T", "head": "work", "base": "main"}
        with ThreadPoolExecutor(8) as pool:
            done = list(pool.map(lambda token: w.ask("POST", "/pulls", token, body), [w.actions() for _ in range(8)]))
        assert sorted(each.status_code for each in done) == [201, *[422] * 7]
        assert len(w.events("pull_request")) == 1


def test_a_branch_without_commits_or_that_is_not_there_makes_no_pull_request(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        token = w.actions()
        bare.set_ref(w.repo.folder, "refs/heads/same", bare.branch(w.repo.folder, "main"))
        same = w.ask("POST", "/pulls", token, {"title": "T", "head": "same", "base": "main"})
        assert same.json()["errors"][0]["message"] == "No commits between main and same"
        none = w.ask("POST", "/pulls", token, {"title": "T", "head": "none", "base": "main"})
        assert (none.status_code, none.json()["errors"][0]["field"]) == (422, "head")
        w.commit("work", {"b": b"b"})
        base = w.ask("POST", "/pulls", token, {"title": "T", "head": "work", "base": "none"})
        assert (base.status_code, base.json()["errors"][0]["field"]) == (422, "base")


def test_actions_open_pull_requests_only_where_the_setting_lets_them(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        w.repo.actions_may_open_pulls = False
        w.commit("work", {"b": b"b"})
        body = {"title": "T", "head": "work", "base": "main"}
        refused = w.ask("POST", "/pulls", w.actions(), body)
        assert (refused.status_code, refused.json()["message"]) == (
            403, "GitHub Actions is not permitted to create or approve pull requests."
        )  # fmt: skip
        assert w.ask("POST", "/pulls", w.hub.token("wanda"), body).status_code == 201


def test_runs_of_a_pull_request_made_by_actions_are_parked(tmp_path: Path) -> None:
    """WFP-07: with an App token or a person's they start."""
    with world(tmp_path) as w:
        w.pull(w.actions())
        assert w.events("pull_request") == [("pull_request", "opened", "parked")]
        w.pull(w.hub.token("wanda"), branch="other")
        assert w.events("pull_request")[-1] == ("pull_request", "opened", "yes")
        event = w.hub.events[-1]
        assert event.ref == "refs/pull/2/merge"
        merge = bare.log(w.repo.folder, event.sha, most=1)[0]
        assert merge.parents == (bare.branch(w.repo.folder, "main"), bare.branch(w.repo.folder, "other"))


def test_out_of_draft_and_back_by_graphql_only(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        token = w.actions()
        number = w.pull(token)
        pull = w.remote(token).get_pull(number)
        pull.mark_ready_for_review()
        assert not w.remote(token).get_pull(number).draft
        pull.convert_to_draft()
        assert w.remote(token).get_pull(number).draft
        assert [action for _, action, _ in w.events("pull_request")][1:] == ["ready_for_review", "converted_to_draft"]
        with pytest.raises(github.GithubException):
            w.remote(w.actions(pull_requests="read")).get_pull(number).mark_ready_for_review()
        assert w.remote(token).get_pull(number).draft


def test_edits_and_closing(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        token = w.actions()
        pull = w.remote(token).get_pull(w.pull(token))
        pull.edit(title="New", body="Text")
        pull.edit(state="closed")
        assert w.remote(token).get_pull(pull.number).state == "closed"
        assert w.ask("GET", "/pulls", token).json() == []
        assert [each["number"] for each in w.ask("GET", "/pulls?state=all", token).json()] == [1]
        pull.edit(state="open")
        again = w.remote(token).get_pull(pull.number)
        assert (again.state, again.title, again.body) == ("open", "New", "Text")
        assert w.ask("PATCH", "/pulls/1", token, {"body": "x" * 65_537}).status_code == 422


def test_merging_closes_it_and_moves_the_base(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        token = w.hub.token("wanda")
        number = w.pull(token)
        assert w.ask("PUT", f"/pulls/{number}/merge", token, {}).status_code == 405  # a draft
        pull = w.remote(token).get_pull(number)
        pull.mark_ready_for_review()
        assert w.ask("PUT", f"/pulls/{number}/merge", token, {"sha": "0" * 40}).status_code == 409
        done = pull.merge()
        assert done.merged
        assert bare.branch(w.repo.folder, "main") == done.sha
        again = w.remote(token).get_pull(number)
        assert (again.merged, again.state, again.merged_by.login, again.changed_files) == (True, "closed", "wanda", 1)
        assert [name for name, _, _ in w.events()][-2:] == ["pull_request", "push"]


def test_a_conflict_is_not_mergeable(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        token = w.hub.token("wanda")
        number = w.pull(token)
        w.commit("main", {"a.txt": text_lines().replace(b"line 20\n", b"line XX\n")})
        head = bare.branch(w.repo.folder, "main")
        bare.set_ref(w.repo.folder, "refs/heads/main", f"{head}~1")
        assert w.ask("PATCH", "/git/refs/heads/main", token, {"sha": head}).status_code == 200
        assert w.ask("GET", f"/pulls/{number}", token).json()["mergeable"] is False


# reviews


def test_a_review_with_comments_on_lines(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        token = w.actions()
        number = w.pull(token)
        pull = w.remote(token).get_pull(number)
        notes = [{"path": "a.txt", "line": 20, "body": "one"},
                 {"path": "a.txt", "start_line": 18, "line": 21, "side": "RIGHT", "start_side": "RIGHT",
                  "body": "many"},
                 {"path": "a.txt", "line": 20, "side": "LEFT", "body": "gone"}]  # fmt: skip
        review = pull.create_review(body="sum", event="COMMENT", comments=notes)  # type: ignore[arg-type]  # dicts do
        assert (review.state, review.body, review.commit_id) == ("COMMENTED", "sum", pull.head.sha)
        found = list(pull.get_review_comments())
        assert [(each.body, each.line, each.start_line, each.side) for each in found] == [
            ("one", 20, None, "RIGHT"), ("many", 21, 18, "RIGHT"), ("gone", 20, None, "LEFT")
        ]  # fmt: skip
        assert found[0].diff_hunk.endswith("+line twenty")
        assert [each.id for each in pull.get_reviews()] == [review.id]
        answer = pull.create_review_comment_reply(found[1].id, "done")
        assert answer.in_reply_to_id == found[1].id
        assert [each.body for each in pull.get_single_review_comments(review.id)] == ["one", "many", "gone", "done"]
        assert w.events("pull_request_review") == [("pull_request_review", "submitted", "no")]
        assert len(w.events("pull_request_review_comment")) == 4
        assert next(each for each in w.hub.events if each.name == "pull_request_review").payload["review"]["state"] == (
            "commented"
        )


@pytest.mark.parametrize(
    ("note", "words"),
    [
        ({"path": "a.txt", "line": 1}, "Line could not be resolved"),
        ({"path": "a.txt", "line": 24}, "Line could not be resolved"),
        ({"path": "a.txt", "line": 4000}, "Line could not be resolved"),
        ({"path": "b.txt", "line": 20}, "Path could not be resolved"),
        ({"path": "a.txt", "line": 20, "start_line": 21}, "Start line must precede"),
        ({"path": "a.txt", "line": 20, "start_line": 1}, "Start line must precede"),
    ],
)
def test_one_line_outside_the_diff_refuses_the_whole_review(
    tmp_path: Path, note: dict[str, object], words: str
) -> None:
    with world(tmp_path) as w:
        token = w.actions()
        number = w.pull(token)
        good = {"path": "a.txt", "line": 20, "body": "good"}
        body = {"event": "COMMENT", "body": "sum", "comments": [good, {**note, "body": "bad"}]}
        refused = w.ask("POST", f"/pulls/{number}/reviews", token, body)
        assert refused.status_code == 422
        assert words in str(errors(refused)[0])
        assert not half(w, number).reviews
        assert not half(w, number).notes
        single = {**note, "body": "bad", "commit_id": half(w, number).head_sha}
        assert w.ask("POST", f"/pulls/{number}/comments", token, single).status_code == 422


def test_a_commit_that_is_not_of_the_pull_request_is_refused(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        token = w.actions()
        number = w.pull(token)
        other = w.commit("elsewhere", {"z": b"z"})
        body = {"event": "COMMENT", "body": "sum", "commit_id": other}
        assert w.ask("POST", f"/pulls/{number}/reviews", token, body).status_code == 422
        body["commit_id"] = half(w, number).head_sha
        assert w.ask("POST", f"/pulls/{number}/reviews", token, body).status_code == 200


def test_nobody_approves_their_own_and_a_comment_needs_words(tmp_path: Path) -> None:
    """WFP-08."""
    with world(tmp_path) as w:
        token = w.actions()
        path = f"/pulls/{w.pull(token)}/reviews"
        for event in ("APPROVE", "REQUEST_CHANGES"):
            refused = w.ask("POST", path, token, {"event": event, "body": "x"})
            assert refused.status_code == 422
            assert "your own pull request" in str(errors(refused)[0])
        assert w.ask("POST", path, token, {"event": "COMMENT"}).status_code == 422
        assert w.ask("POST", path, w.hub.token("wanda"), {"event": "APPROVE"}).json()["state"] == "APPROVED"


def test_lines_of_a_diff_that_can_be_commented() -> None:
    found = lines.read(
        "diff --git a/x b/y\nsimilarity index 90%\nrename from x\nrename to y\n--- a/x\n+++ b/y\n"
        "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n@@ -10,2 +10,3 @@ f\n d\n+e\n \n\\ No newline at end of file\n"
        "diff --git a/gone b/gone\ndeleted file mode 100644\n--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-z\n"
        "diff --git a/pic b/pic\nBinary files a/pic and b/pic differ\n"
    )
    assert list(found) == ["y", "gone", "pic"]
    assert sorted(found["y"].right) == [1, 2, 3, 10, 11, 12]
    assert sorted(found["y"].left) == [1, 2, 3, 10, 11]
    assert (found["y"].right[10].hunk, found["y"].right[1].position) == (2, 1)
    assert (sorted(found["gone"].left), found["gone"].right, found["pic"].right) == ([1], {}, {})
