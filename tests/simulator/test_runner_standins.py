"""Stand-ins for third-party actions: checkout, artifacts, cache, attestations."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.simulator.expressions.evaluator import Expressions
from factory.simulator.hub import bare
from factory.simulator.runner.options import Options
from tests.simulator.stage import PIN, Stage, stage

UP, DOWN, CHECKOUT = (f"actions/{name}@{PIN}" for name in ("upload-artifact", "download-artifact", "checkout"))


@pytest.fixture
def here(tmp_path: Path, evaluator: Expressions) -> Iterator[Stage]:
    with stage(tmp_path, evaluator, Options(patience=(0.2, 0.2))) as found:
        yield found


def jobs(permissions: str = "{contents: read}", **steps: str) -> str:
    """Jobs one after the other."""
    text, before = f"on: workflow_dispatch\npermissions: {permissions}\njobs:\n", ""
    for name, body in steps.items():
        lines = "".join(f"      {line}\n" for line in body.strip("\n").splitlines())
        needs = f"    needs: {before}\n    if: always()\n" if before else ""
        text += f"  {name}:\n{needs}    runs-on: ubuntu-latest\n    steps:\n{lines}"
        before = name
    return text


def names_in(here: Stage, artifact: str) -> list[str]:
    data = next(one.data for one in here.hub.artifacts.values() if one.name == artifact)
    return zipfile.ZipFile(io.BytesIO(data)).namelist()


MAKE = """
- run: |
    mkdir -p out/sub out/.dot
    echo 1 > out/a.txt; echo 2 > out/sub/b.txt; echo 3 > out/.hidden; echo 4 > out/.dot/c
    chmod +x out/a.txt
"""


def test_artifacts_go_from_job_to_job_without_modes_and_hidden_files(here: Stage) -> None:
    found = here.go(jobs(
        a=MAKE + f"- id: up\n  uses: {UP}\n  with: {{name: bundle, path: out}}\n"
        "- run: echo '${{ steps.up.outputs.artifact-digest }}' | grep -E '^[0-9a-f]{64}$'",
        b=f"- uses: {DOWN}\n  with: {{name: bundle, path: got}}\n"
        "- run: test -f got/a.txt -a ! -x got/a.txt -a -f got/sub/b.txt -a ! -e got/.hidden",
    ))  # fmt: skip
    assert found.conclusion == "success", here.log(found, "b")
    assert names_in(here, "bundle") == ["a.txt", "sub/b.txt"]


@pytest.mark.parametrize(
    ("path", "more", "names"),
    [
        ("out", "include-hidden-files: true", [".dot/c", ".hidden", "a.txt", "sub/b.txt"]),
        ("out/sub", "", ["b.txt"]),
        ("out/a.txt", "", ["a.txt"]),
        ("out/**/*.txt", "", ["a.txt", "sub/b.txt"]),
        ('"out\\n!out/sub"', "", ["a.txt"]),
        ('"out/a.txt\\nout/sub"', "", ["a.txt", "sub/b.txt"]),
    ],
)
def test_what_an_artifact_holds(here: Stage, path: str, more: str, names: list[str]) -> None:
    found = here.go(jobs(a=MAKE + f"- uses: {UP}\n  with:\n    name: x\n    path: {path}\n    {more}"))
    assert found.conclusion == "success", here.log(found, "a")
    assert names_in(here, "x") == names


def test_a_name_is_taken_once_unless_overwritten(here: Stage) -> None:
    up = f"- uses: {UP}\n  with: {{name: x, path: f}}"
    found = here.go(jobs(a=f"- run: echo 1 > f\n{up}", b=f"- run: echo 2 > f\n{up}",
                         c=f"- run: echo 3 > f\n{up.replace('path: f', 'path: f, overwrite: true')}",
                         d=f"- uses: {DOWN}\n  with: {{name: x}}\n- run: grep 3 f"))  # fmt: skip
    assert found.results == {"a": "success", "b": "failure", "c": "success", "d": "success"}
    assert "(409) Conflict" in found.job("b").notes[0].message


def test_act_10_a_second_attempt_has_the_first_one_s_artifacts(here: Stage, tmp_path: Path) -> None:
    """ACT-10: and may use the name of what its failed job had uploaded."""
    up = f"- uses: {UP}\n  with: {{name: NAME, path: f}}"
    found = here.go(jobs(
        a="- run: echo kept > f\n" + up.replace("NAME", "one"),
        b="- run: echo again > f\n" + up.replace("NAME", "two") + f"\n- run: test -e {tmp_path}/ok",
        c=f"- uses: {DOWN}\n  with: {{path: all}}\n- run: grep kept all/one/f && grep again all/two/f",
    ))  # fmt: skip
    assert found.results["b"] == "failure"
    (tmp_path / "ok").touch()
    here.runner.rerun(found.id)
    here.runner.drain()
    assert here.runner.record(found.id).results == {"a": "success", "b": "success", "c": "success"}


def test_pattern_ids_and_merging(here: Stage) -> None:
    up = "- run: echo {0} > {0}.txt\n- id: u\n  uses: " + UP + "\n  with: {{name: unit-{0}, path: {0}.txt}}"
    down = f"- uses: {DOWN}\n  with: {{pattern: 'unit-*', path: got"
    found = here.go(jobs(
        a=up.format("a"), b=up.format("b"),
        c=down + "}\n- run: test -f got/unit-a/a.txt -a -f got/unit-b/b.txt",
        d=down + ", merge-multiple: true}\n- run: test -f got/a.txt -a -f got/b.txt",
        e=f"- uses: {DOWN}\n  with: {{name: none}}",
    ))  # fmt: skip
    assert list(found.results.values()) == ["success"] * 4 + ["failure"]
    assert "Artifact not found for name: none" in found.job("e").notes[0].message


@pytest.mark.parametrize(("permissions", "well"), [("{actions: read}", True), ("{contents: read}", False)])
def test_another_run_s_artifact_needs_its_id_and_actions_read(here: Stage, permissions: str, well: bool) -> None:
    first = here.go(jobs(a=f"- run: echo 1 > f\n- uses: {UP}\n  with: {{name: bundle, path: f}}"))
    number = next(iter(here.hub.artifacts))
    base = f"- uses: {DOWN}\n  with: {{artifact-ids: '{number}', run-id: '{first.id}'"
    found = here.go(jobs(permissions, a=base + ", github-token: '${{ github.token }}'}\n- run: grep 1 f", b=base + "}"))
    assert (found.results["a"] == "success") is well, here.log(found, "a")
    assert found.results["b"] == "failure"
    assert "need" in found.job("b").notes[0].message


def test_nothing_found_warns_ignores_or_fails(here: Stage) -> None:
    up = f"- uses: {UP}\n  with: {{path: nothing, if-no-files-found: "
    found = here.go(jobs(a=up + "warn}", b=up + "ignore}", c=up + "error}"))
    assert list(found.results.values()) == ["success", "success", "failure"]
    assert [len(job.notes) for job in found.jobs] == [1, 0, 1]


def test_checkout_by_real_git(here: Stage) -> None:
    here.write({"a.txt": "first"})
    first = bare.branch(here.repo.folder, "main")
    bare.set_ref(here.repo.folder, "refs/heads/feature", here.write({"b.txt": "two"}))
    bare.set_ref(here.repo.folder, "refs/tags/v1", first)
    found = here.go(jobs(
        a=f"- uses: {CHECKOUT}\n- run: test -f a.txt && git status -sb | grep main\n"
        "- run: test $(git rev-list --count HEAD) = 1 && test $(git rev-parse HEAD) = $GITHUB_SHA",
        b=f"- uses: {CHECKOUT}\n  with: {{ref: feature, fetch-depth: 0, path: sub}}\n"
        "- run: cd sub && test -f b.txt && git log --oneline origin/main v1",
        c=f"- uses: {CHECKOUT}\n  with: {{ref: {first}}}\n"
        f"- run: test ! -e b.txt && test $(git rev-parse HEAD) = {first}",
        d=f"- uses: {CHECKOUT}\n  with: {{ref: v1}}\n- run: test $(git rev-parse HEAD) = {first}",
        e=f"- uses: {CHECKOUT}\n  with: {{ref: nowhere}}",
        f=f"- uses: {CHECKOUT}\n  with: {{sparse-checkout: a.txt, sparse-checkout-cone-mode: false}}\n"
        "- run: test -f a.txt -a ! -e .github",
    ))  # fmt: skip
    assert list(found.results.values()) == ["success"] * 4 + ["failure", "success"], found.jobs
    assert "'nowhere' could not be found" in found.job("e").notes[0].message


def test_checkout_keeps_its_credentials_only_when_told(here: Stage) -> None:
    """GHA: a think job's checkout must not leave a token behind."""
    here.write({"a.txt": "x"})
    push = (
        "git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x && git push -q origin HEAD:refs/heads/pushed"
    )
    found = here.go(jobs(
        "{contents: write}",
        a=f"- uses: {CHECKOUT}\n- run: {push}",
        b=f"- uses: {CHECKOUT}\n  with: {{persist-credentials: false}}\n"
        f"- run: '! grep -ri authorization .git/config'\n- run: {push.replace('pushed', 'no')}",
    ))  # fmt: skip
    assert found.results == {"a": "success", "b": "failure"}
    assert bare.branch(here.repo.folder, "pushed")
    assert not bare.branch(here.repo.folder, "no")


def test_checkout_without_contents_read_fails(here: Stage) -> None:
    here.write({"a.txt": "x"})
    found = here.go(jobs("{}", a=f"- uses: {CHECKOUT}"))
    assert found.conclusion == "failure"


def test_a_fork_s_code_is_not_checked_out_where_secrets_are(here: Stage) -> None:
    """FACTS §1: checkout v7."""
    step = f"{{uses: {CHECKOUT}, with: {{ref: '${{{{ github.event.pull_request.head.sha }}}}'}}}}"
    text = f"on: pull_request_target\njobs: {{a: {{runs-on: ubuntu-latest, steps: [{step}]}}}}"
    commit = here.write({"w.yml": text})
    head = {"ref": "x", "sha": commit, "repo": {"full_name": "fork/shop"}}
    pull = {"number": 3, "head": head, "base": {"ref": "main", "sha": commit}}
    here.happen("pull_request", action="opened", number=3, pull_request=pull)
    here.runner.drain()
    (found,) = here.runner.records()
    assert "Refusing to check out the code of a fork" in found.job("a").notes[0].message


def test_cache_between_runs(here: Stage) -> None:
    text = jobs(
        a=f"""
- id: c
  uses: actions/cache@{PIN}
  with: {{path: "~/.store", key: "k-${{{{ github.run_number }}}}", restore-keys: "k-"}}
- run: cat ~/.store/f || {{ mkdir ~/.store && echo first > ~/.store/f; }}
- run: echo "hit '${{{{ steps.c.outputs.cache-hit }}}}' matched '${{{{ steps.c.outputs.cache-matched-key }}}}'"
"""
    )
    first = here.go(text)
    second = here.dispatch("w.yml")
    assert "hit 'false' matched ''" in here.log(first, "a")
    assert "hit 'false' matched 'k-1'" in here.log(second, "a")
    assert "\nfirst\n" in here.log(second, "a")


def test_attestations_are_recorded_and_need_their_permissions(here: Stage) -> None:
    attest = f"- uses: actions/attest-build-provenance@{PIN}\n  with: {{subject-path: 'dist/*'}}"
    step = f"- run: mkdir dist && echo 1 > dist/a.whl\n{attest}"
    assert here.go(jobs("{contents: read}", a=step)).conclusion == "failure"
    assert here.go(jobs("{id-token: write, attestations: write}", a=step)).conclusion == "success"
    assert list(here.runner.bench.attestations[0]["subjects"]) == ["dist/a.whl"]
