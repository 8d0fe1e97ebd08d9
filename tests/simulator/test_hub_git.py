"""Git over HTTP of the GitHub double, with git itself as the client, and refs by the API."""

import random
from pathlib import Path

import pytest

from factory.simulator.hub import bare
from factory.simulator.hub.faults import FaultPlan, Rule
from factory.simulator.hub.serve import serve
from factory.simulator.hub.state import Hub
from tests.simulator.hubs import World, world


def clone(w: World, token: str) -> None:
    done = w.git("clone", "--quiet", "{url}", "work", token=token)
    assert done.returncode == 0, done.stderr


def change(w: World, path: str = "b.txt", text: str = "b\n", branch: str = "topic") -> str:
    """A commit on a branch of the clone; its SHA."""
    w.git("checkout", "--quiet", "-B", branch, at="work")
    target = w.folder / "work" / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    w.git("add", "--all", at="work")
    w.git("commit", "--quiet", "-m", "change", at="work")
    return w.git("rev-parse", "HEAD", at="work").stdout.strip()


def push(w: World, token: str, *arguments: str) -> str:
    """ "" when it went through, else what git said."""
    done = w.git("push", *(arguments or ("{url}", "HEAD:refs/heads/topic")), token=token, at="work")
    return done.stderr if done.returncode else ""


def test_clone_push_and_the_events_of_it(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        token = w.hub.token("wanda")
        clone(w, token)
        sha = change(w)
        assert not push(w, token)
        assert bare.branch(w.repo.folder, "topic") == sha
        pushed, created = w.hub.events
        assert (pushed.name, pushed.ref, pushed.sha, pushed.actor) == ("push", "refs/heads/topic", sha, "wanda")
        assert pushed.payload["commits"][0]["added"] == ["b.txt"]
        assert (created.name, created.payload["ref"]) == ("create", "topic")
        assert w.events()[0][2] == "yes"
        with w.hub.later() as events:
            assert not push(w, w.actions(), "{url}", "HEAD:refs/heads/quiet")
        assert [(each.name, each.starts) for each in events] == [("push", "no"), ("create", "no")]


def test_a_shallow_fetch_of_one_commit_as_checkout_does_it(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        token = w.actions(contents="read")
        sha = bare.branch(w.repo.folder, "main")
        w.git("init", "--quiet", "work")
        done = w.git("-c", "protocol.version=2", "fetch", "--depth=1", "{url}", f"+{sha}:refs/remotes/origin/main",
                     token=token, at="work")  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert w.git("cat-file", "-p", f"{sha}:a.txt", at="work").stdout.startswith("line 1\n")


def test_a_large_push_in_chunks(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        token = w.hub.token("wanda")
        clone(w, token)
        (w.folder / "work" / "big.bin").write_bytes(random.Random(1).randbytes(3_000_000))
        sha = change(w)
        assert not push(w, token)
        assert bare.branch(w.repo.folder, "topic") == sha


@pytest.mark.parametrize(
    ("permissions", "reads", "writes"),
    [({"contents": "write"}, True, True), ({"contents": "read"}, True, False), ({"issues": "write"}, False, False)],
)
def test_reading_and_pushing_need_contents(
    tmp_path: Path, permissions: dict[str, str], reads: bool, writes: bool
) -> None:
    with world(tmp_path) as w:
        clone(w, w.hub.token("octo"))
        change(w)
        token = w.actions(**permissions)
        assert (w.git("ls-remote", "{url}", token=token).returncode == 0) is reads
        said = push(w, token)
        assert (not said) is writes
        assert writes or "403" in said
        assert bool(bare.branch(w.repo.folder, "topic")) is writes


def test_strangers_readers_and_nobody_do_not_push(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        clone(w, w.hub.token("octo"))
        change(w)
        assert "denied to rita" in push(w, w.hub.token("rita"))
        assert "not found" in push(w, w.hub.token("stranger"))
        assert push(w, "")
        assert push(w, "ghs_wrong")
        assert not bare.branch(w.repo.folder, "topic")
    with world(tmp_path / "public", private=False) as w:
        assert w.git("ls-remote", "{url}").returncode == 0


def test_workflow_files_are_not_pushed_without_their_permission(tmp_path: Path) -> None:
    """The refusal GITHUB_TOKEN meets, and an App without `workflows: write`; other files go through."""
    with world(tmp_path) as w:
        clone(w, w.hub.token("octo"))
        change(w, ".github/workflows/new.yml", "on: push\n")
        app = w.hub.token("dark[bot]", "octo/shop", {"contents": "write"}, kind="app")
        for token in (w.actions(), app):
            said = push(w, token)
            assert "pre-receive hook declined" in said
            assert "refusing to allow a GitHub App to create or update workflow `.github/workflows/new.yml`" in said
        allowed = w.hub.token("dark[bot]", "octo/shop", {"contents": "write", "workflows": "write"}, kind="app")
        assert not push(w, allowed)
        assert not push(w, w.hub.token("wanda"), "{url}", "HEAD:refs/heads/person")


def test_a_workflow_file_removed_or_hidden_in_an_earlier_commit_is_refused_too(tmp_path: Path) -> None:
    """WFP-05: each new commit counts, not only the last tree."""
    with world(tmp_path) as w:
        clone(w, w.hub.token("octo"))
        change(w, ".github/workflows/new.yml", "on: push\n")
        (w.folder / "work" / ".github/workflows/new.yml").unlink()
        change(w, "c.txt")
        assert "refusing to allow" in push(w, w.actions())
        w.git("checkout", "--quiet", "-B", "topic", "origin/main", at="work")
        (w.folder / "work" / ".github/workflows/ci.yml").unlink()
        change(w, "d.txt")
        assert "refusing to allow" in push(w, w.actions())


def test_a_branch_that_only_carries_known_workflow_files_is_pushed(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        clone(w, w.hub.token("octo"))
        change(w)
        w.commit("main", {".github/workflows/late.yml": b"on: push\n"})
        w.git("fetch", "--quiet", "{url}", "main", token=w.hub.token("octo"), at="work")
        w.git("merge", "--quiet", "--no-edit", "FETCH_HEAD", at="work")
        assert not push(w, w.actions())


def test_protected_branches_and_the_default_branch_are_kept(tmp_path: Path) -> None:
    """GHA-11: declined is declined."""
    with world(tmp_path) as w:
        w.repo.protected |= {"main", "release"}
        main = w.commit("release", {"r": b"r"})
        clone(w, w.hub.token("octo"))
        change(w)
        token = w.hub.token("wanda")
        assert "GH006" in push(w, token, "{url}", "HEAD:refs/heads/main")
        assert "GH006" in push(w, token, "{url}", ":refs/heads/release")
        assert "refusing to delete" in push(w, w.hub.token("octo"), "{url}", ":refs/heads/main")
        assert w.ask("PATCH", "/git/refs/heads/release", token, {"sha": main, "force": True}).status_code == 422
        assert w.ask("DELETE", "/git/refs/heads/release", token).status_code == 422
        assert not w.hub.events


def test_a_stale_lease_loses(tmp_path: Path) -> None:
    """IDM-07: what a person pushed meanwhile is kept."""
    with world(tmp_path) as w:
        token = w.actions()
        clone(w, token)
        first = change(w)
        assert not push(w, token, "--force-with-lease=refs/heads/topic:", "{url}", "HEAD:refs/heads/topic")
        human = w.commit("topic", {"human.txt": b"h"})
        change(w, text="again\n")
        lease = f"--force-with-lease=refs/heads/topic:{first}"
        assert "stale info" in push(w, token, lease, "{url}", "HEAD:refs/heads/topic")
        assert "rejected" in push(w, token)
        assert bare.branch(w.repo.folder, "topic") == human


def test_a_pull_request_follows_its_branch_and_closes_with_it(tmp_path: Path) -> None:
    """IDM-08."""
    with world(tmp_path) as w:
        token = w.hub.token("wanda")
        number = w.pull(token, branch="topic")
        clone(w, token)
        w.git("checkout", "--quiet", "topic", at="work")
        sha = change(w)
        assert not push(w, token)
        assert w.remote(token).get_pull(number).head.sha == sha
        assert w.hub.events[-1].payload["after"] == sha
        assert w.git("ls-remote", "{url}", f"refs/pull/{number}/head", token=token).stdout.startswith(sha)
        assert not push(w, token, "{url}", ":refs/heads/topic")
        assert w.remote(token).get_pull(number).state == "closed"
        actions = [action for _, action, _ in w.events("pull_request")]
        assert actions == ["opened", "synchronize", "closed"]
        assert push(w, token, "{url}", f"HEAD:refs/pull/{number}/head")


def test_pushing_the_head_to_the_base_merges(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        token = w.hub.token("wanda")
        number = w.pull(token, branch="topic")
        clone(w, token)
        assert not push(w, token, "{url}", "origin/topic:refs/heads/main")
        assert w.remote(token).get_pull(number).merged


def test_planned_faults_strike_pushes_before_and_after(tmp_path: Path) -> None:
    """GHA-11: a hung-up remote; with `lost` the push has happened all the same."""
    with world(tmp_path) as w:
        clone(w, w.hub.token("octo"))
        sha = change(w)
        hub = Hub(tmp_path / "other")
        repo = hub.repository("octo/shop", source=w.repo.folder)
        token = hub.token("octo")
        plan, seen = FaultPlan(), []
        plan.attach(hub)
        hub.faults = plan
        with serve(hub) as served:
            url = f"{served.git_url}/octo/shop.git".replace("://", f"://x:{token}@", 1)
            for rules in (
                [Rule("dropped", "POST", "git-receive-pack", times=0)],  # all: curl tries once more by itself
                [Rule("lost", "POST", "git-receive-pack", times=0)],
                [],
            ):
                plan.clear()
                plan.add(*rules)
                done = w.git("push", url, "HEAD:refs/heads/topic", at="work")
                seen.append((done.returncode == 0, bare.branch(repo.folder, "topic")))
        assert seen == [(False, ""), (False, sha), (True, sha)]
        assert [each.name for each in hub.events] == ["push", "create"]


def test_refs_by_the_api(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        token, main = w.actions(), bare.branch(w.repo.folder, "main")
        remote = w.remote(token)
        assert remote.create_git_ref("refs/heads/x/y", main).object.sha == main
        assert w.ask("POST", "/git/refs", token, {"ref": "refs/heads/x/y", "sha": main}).status_code == 422
        assert w.ask("POST", "/git/refs", token, {"ref": "heads/z", "sha": main}).status_code == 422
        assert w.ask("POST", "/git/refs", token, {"ref": "refs/heads/z", "sha": "0" * 40}).status_code == 422
        later = w.commit("later", {"l": b"l"})
        ref = remote.get_git_ref("heads/x/y")
        ref.edit(later)
        assert remote.get_branch("x/y").commit.sha == later
        assert w.ask("PATCH", "/git/refs/heads/x/y", token, {"sha": main}).status_code == 422
        ref.edit(main, force=True)
        ref.delete()
        assert w.ask("GET", "/git/ref/heads/x/y", token).status_code == 404
        assert w.ask("GET", "/branches/x/y", token).status_code == 404
        assert [name for name, _, _ in w.events()] == ["push", "create", "push", "push", "delete"]
        assert w.hub.events[3].payload["forced"]


def test_commits_comparisons_and_files(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        later = w.commit("later", {"dir/new.py": b"print()\n", "a.txt": None}, "more")
        remote = w.remote(w.actions())
        assert [each.commit.message for each in remote.get_commits("later")] == ["more", "first"]
        compared = remote.compare("main", "later")
        assert (compared.status, compared.ahead_by, compared.behind_by) == ("ahead", 1, 0)
        assert sorted((each.filename, each.status) for each in compared.files) == [
            ("a.txt", "removed"), ("dir/new.py", "added")
        ]  # fmt: skip
        assert remote.get_commit(later).stats.total == 41
        found = remote.get_contents("dir/new.py", ref="later")
        assert not isinstance(found, list)
        assert found.decoded_content == b"print()\n"
        listed = remote.get_contents("", ref="later")
        assert isinstance(listed, list)
        assert sorted((each.name, each.type) for each in listed) == [(".github", "dir"), ("dir", "dir")]
        assert w.ask("GET", "/contents/none", w.actions()).status_code == 404
        raw = w.ask("GET", "/contents/dir/new.py?ref=later", w.actions(), Accept="application/vnd.github.raw+json")
        assert raw.text == "print()\n"
