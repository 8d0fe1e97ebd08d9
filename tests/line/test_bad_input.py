"""Bad input: one clear sentence, the right exit code, nothing lost (issue's list, row by row)."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.line.targets import FACTORY, SHOP, answers, factory, git, repository, result, shop, shop_settings

TEST = """\
import unittest

import a


class T(unittest.TestCase):
    def test_x(self):
        self.assertEqual(a.X, 1)
"""
TINY: dict[str, str | bytes] = {"a.py": "import os\n\nX = 1\n", "tests/__init__.py": "", "tests/test_a.py": TEST}


def refused(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """Exit code, one sentence on stderr with the words, no traceback."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr + done.stdout


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_not_a_git_repository(tmp_path: Path, state: Path) -> None:
    (tmp_path / "plain").mkdir()
    done = factory(state, "run", "--repo", tmp_path / "plain", "--task", "tidy")
    refused(done, 2, "is not a git repository", "git init")
    assert not list(state.glob("runs/*"))


def test_no_such_folder(tmp_path: Path, state: Path) -> None:
    refused(factory(state, "run", "--repo", tmp_path / "nowhere", "--task", "tidy"), 2, "does not exist")


def test_empty_repository(tmp_path: Path, state: Path) -> None:
    (tmp_path / "empty").mkdir()
    git(tmp_path / "empty", "init", "-q")
    refused(
        factory(state, "run", "--repo", tmp_path / "empty", "--task", "tidy"),
        2,
        "has no commit yet",
        "commit something",
    )


@pytest.mark.parametrize("ref", ["nope", "--upload-pack=x", "main~99", "HEAD:README.md"])
def test_unknown_base_ref(tmp_path: Path, state: Path, ref: str) -> None:
    repo = repository(tmp_path / "r", TINY)
    refused(factory(state, "run", "--repo", repo, "--task", "tidy", f"--base={ref}"), 2, "There is no ref", "main")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"), (b" \n\n", "is empty"), (b"# \n", "is empty"), (b"x" * 5_000_000, "5,000,000 bytes"),
        (b"\x7fELF\x00\x01\x02", "binary"), (b"\xff\xfe\x00", "not UTF-8"),
    ],
)  # fmt: skip
def test_issue_files(tmp_path: Path, state: Path, content: bytes, words: str) -> None:
    repo = repository(tmp_path / "r", TINY)
    (tmp_path / "issue.md").write_bytes(content)
    refused(factory(state, "run", "--repo", repo, "--issue", tmp_path / "issue.md"), 2, words)


def test_missing_issue_file_and_no_task(tmp_path: Path, state: Path) -> None:
    repo = repository(tmp_path / "r", TINY)
    refused(factory(state, "run", "--repo", repo, "--issue", "nope.md"), 2, "does not exist")
    refused(factory(state, "run", "--repo", repo), 2, "--issue FILE, or --task tidy")
    refused(factory(state, "run", "--repo", repo, "--task", "dance"), 2, "no built-in task")
    refused(factory(state, "resume", "nothing"), 2, "unknown")
    refused(factory(state, "frobnicate"), 2, "frobnicate")


def test_settings_name_file_line_and_nearest_key(tmp_path: Path, state: Path) -> None:
    repo = repository(tmp_path / "r", TINY)
    config = tmp_path / "factory.toml"
    config.write_text("[line]\nrounds = 2\ncelling = 'local'\n")
    refused(
        factory(state, "run", "--repo", repo, "--task", "tidy", "--config", config), 2, "factory.toml:3", "'ceiling'"
    )
    config.write_text("[line]\nrounds = 'many'\n")
    refused(factory(state, "run", "--repo", repo, "--task", "tidy", "--config", config), 2, "factory.toml:2", "rounds")
    config.write_text("[line\n")
    refused(factory(state, "run", "--repo", repo, "--task", "tidy", "--config", config), 2, "not valid TOML")
    config.write_text("[sandbox]\nkind = 'none'\n")
    refused(factory(state, "run", "--repo", repo, "--task", "tidy", "--config", config), 2, "type `--sandbox none`")


def test_a_target_repository_cannot_bring_its_own_endpoints(tmp_path: Path, state: Path) -> None:
    """Decision 0003: from the target only [checks] and [paths] count; its program is not run."""
    evil = "[endpoints.x]\nwire = 'command'\ncommand = ['touch', '/tmp/factory-was-here']\n"
    repo = repository(tmp_path / "r", {**TINY, "factory.toml": evil})
    done = factory(state, "run", "--repo", repo, "--issue", SHOP / "issue.md")
    refused(done, 2, "No model is configured")
    assert not Path("/tmp/factory-was-here").exists()


def no_models(folder: Path, **endpoint: Any) -> Path:
    folder.mkdir(exist_ok=True)
    lines = ["[endpoints.box]", *(f"{key} = {json.dumps(value)}" for key, value in endpoint.items())]
    (folder / "factory.toml").write_text("\n".join(lines) + "\n")
    return folder / "factory.toml"


def scripted(folder: Path, replies: list[dict[str, Any]], more: str = "") -> Path:
    config = no_models(folder, wire="scripted", script="box.json", model="recorded")
    config.write_text(config.read_text() + more)
    (folder / "box.json").write_text(json.dumps({"label": "test", "replies": replies}))
    return config


def issue_run(tmp_path: Path, config: Path) -> subprocess.CompletedProcess[str]:
    repo = shop(tmp_path / "shop")
    done = factory(tmp_path / "state", "run", "--repo", repo, "--issue", SHOP / "issue.md", "--config", config)
    assert git(repo, "for-each-ref", "refs/heads/factory") == "", "a stopped run leaves no branch"
    assert list((tmp_path / "state").glob("runs/*/report.html")), "every run ends with a last word"
    return done


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [({"status": 401}, 2, "refuses the key"), ({"html": True}, 1, "HTML"), ({"status": 404}, 1, "404")],
    ids=["wrong-key", "html", "not-found"],
)
def test_endpoint_faults(tmp_path: Path, fault: dict[str, Any], code: int, words: str) -> None:
    config = scripted(tmp_path / "c", [{"repeat": True, "text": "x", **fault}])
    refused(issue_run(tmp_path, config), code, words, "resume")


def test_garbage_from_the_model(tmp_path: Path) -> None:
    config = scripted(tmp_path / "c", [{"repeat": True, "text": "I would love to help you with that!"}])
    refused(issue_run(tmp_path, config), 1, "no JSON object")


def plan_with(**changes: Any) -> str:
    plan = json.loads(next(r["text"] for r in answers("box")["replies"] if r["role"] == "atlas"))
    return json.dumps({**plan, **changes})


def unit(name: str, *owns: str, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "role": "backend",
        "title": name,
        "instructions": "do it",
        "owns": owns,
        "acceptance": ["A1"],
        **more,
    }


@pytest.mark.parametrize(
    ("units", "words"),
    [
        ([unit("a", "shop/**"), unit("b", "shop/cart.py")], "shop/cart.py"),
        ([unit("a", "x.py", after=["b"]), unit("b", "y.py", after=["a"])], "circle"),
        ([unit("a", "x.py", role="wizard")], "role"),
        ([unit("a", "../outside.py")], "outside"),
        ([unit("a", "/etc/passwd")], "/etc/passwd"),
        ([unit("a", ".github/workflows/ci.yml")], ".github/workflows"),
    ],
    ids=["overlap", "cycle", "role", "dotdot", "absolute", "workflow"],
)
def test_bad_plans(tmp_path: Path, units: list[dict[str, Any]], words: str) -> None:
    config = scripted(tmp_path / "c", [{"repeat": True, "text": plan_with(units=units)}])
    refused(issue_run(tmp_path, config), 1, words)


HOSTILE = {
    "hang": "import time\nwhile True:\n    time.sleep(1)\n",
    "fork": "import os, time\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        time.sleep(0.1)\n",
    "memory": "x = []\nwhile True:\n    x.append(bytearray(50_000_000))\n",
    "output": "line = 'x' * 1_000_000\nfor _ in range(1000):\n    print(line)\n",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_tests(tmp_path: Path, state: Path, kind: str) -> None:
    """The tests misbehave on base and candidate alike: nothing is proven, the pull request is a draft and says so."""
    body = "".join(f"    {line}\n" for line in HOSTILE[kind].splitlines())
    repo = repository(tmp_path / "r", {"a.py": "import os\nX = 1\n", "t.py": f"def main():\n{body}\n\nmain()\n"})
    config = tmp_path / "factory.toml"
    # seconds: they bind the tidying itself too, which takes long on a busy machine
    limits = "limits = {seconds = 12, memory_mib = 512, processes = 64, output_mib = 1}"
    config.write_text(f"[checks]\ntests = ['python t.py']\nlint = false\n{limits}\n")
    done = factory(state, "run", "--repo", repo, "--task", "tidy", "--config", config, "--json")
    value = result(done)
    record = json.loads(Path(value["run_json"]).read_text())
    assert record["evidence"], record["stopped"]
    status = {suite["candidate"]["status"] for suite in record["evidence"]["suites"]}
    if kind == "output":
        assert done.returncode in (0, 1)
    else:
        assert done.returncode == 1, done.stderr
        assert value["pull"]["draft"]
        assert status <= {"timeout", "oom", "killed", "error", "failed"}
    assert Path(value["report_html"]).stat().st_size < 8_000_000


@pytest.mark.parametrize("room", ["60k", "120k", "160k", "200k"])
def test_disk_full(tmp_path: Path, room: str) -> None:
    """BOX-01: the state's disk is full sooner or later: exit 4, said in a sentence; with more room `resume` goes on."""
    repo = repository(tmp_path / "r", TINY)
    (tmp_path / "small").mkdir()
    run = f"{sys.executable} -m factory.cli"
    script = (
        f"mount -t tmpfs -o size={room},mode=700 none small && mkdir -m 700 small/state; "
        f"export FACTORY_STATE=$PWD/small/state; {run} run --repo {repo} --task tidy; echo first=$?; "
        f"mount -o remount,size=50m small; {run} resume last || {run} run --repo {repo} --task tidy; echo second=$?"
    )
    user = [] if os.geteuid() == 0 else ["-Ur"]
    command = ["unshare", *user, "-m", "sh", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=120)
    assert "first=4" in done.stdout, done.stdout + done.stderr
    assert "No space left" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert "second=0" in done.stdout, done.stdout + done.stderr
    assert len(git(repo, "for-each-ref", "--format=%(refname)", "refs/heads/factory").split()) == 1


def test_two_runs_on_one_repository_at_once(tmp_path: Path, state: Path) -> None:
    repo, config = shop(tmp_path / "shop"), shop_settings(tmp_path / "settings")
    command = [*FACTORY, "run", "--repo", repo, "--issue", SHOP / "issue.md", "--config", config, "--json"]
    environment = {**os.environ, "FACTORY_STATE": str(state)}
    both = [
        subprocess.Popen(
            [*map(str, command)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    values = [json.loads(process.communicate(timeout=180)[0]) for process in both]
    assert {value["exit_code"] for value in values} == {0}
    assert {value["pull"]["number"] for value in values} == {1, 2}
    assert len(git(repo, "for-each-ref", "--format=%(refname)", "refs/heads/factory").split()) == 2
    assert values[0]["tree"] == values[1]["tree"]
