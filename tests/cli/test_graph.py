"""`factory graph` on a real repository: what it prints, where, and with which exit code."""

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.etree import ElementTree

import pytest

from factory.cli.graph_answers import answer
from factory.codegraph.building.build import source_of_commit, view_of
from factory.codegraph.building.home import store_for
from factory.codegraph.view import View
from factory.contracts.errors import UsageProblem
from factory.git import run_git

ROOT = Path(__file__).parents[2]
FILES = {
    "shop/cart.py": 'def total(cart):\n    """The sum of the prices."""\n    return sum(cart)\n',
    "shop/bill.py": "from shop.cart import total\n\n\ndef due(cart):\n    return total(cart)\n",
    "shop/paint.py": "def colour(name):\n    return name\n",
    "tests/test_cart.py": "from shop.cart import total\n\n\ndef test_total():\n    assert total([1]) == 1\n",
}
ISSUE = "# The total of a cart is wrong\n\nThe sum of the prices should not be negative.\n"
WHO = ("-c", "user.name=x", "-c", "user.email=x@localhost")


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one commit; nothing of it is changed by the tests."""
    folder = tmp_path_factory.mktemp("graph") / "repo"
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    run_git(folder, "init", "--quiet")
    run_git(folder, "add", "--all")
    run_git(folder, *WHO, "commit", "--quiet", "-m", "first")
    (folder.parent / "issue.md").write_text(ISSUE)
    return folder


def factory(state: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    code = "import sys; from factory.cli.main import exit_code; sys.exit(exit_code(sys.argv[1:]))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "FACTORY_STATE": str(state)}
    command = [sys.executable, "-c", code, "graph", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, input=stdin, timeout=120)


@pytest.fixture(scope="module")
def state(repo: Path) -> Path:
    """A state folder that knows the repository."""
    assert factory(repo.parent / "state", "build", "--repo", str(repo)).returncode == 0
    return repo.parent / "state"


@pytest.fixture(scope="module")
def view(repo: Path, state: Path) -> View:
    return view_of(store_for(repo, state), source_of_commit(repo))[0]


def ask(state: Path, repo: Path, *arguments: str, stdin: str = "") -> str:
    """What is printed by a query that succeeds."""
    done = factory(state, "query", "--repo", str(repo), *arguments, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(done: subprocess.CompletedProcess[str]) -> str:
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr.strip().removeprefix("factory: ")


def test_build_says_what_was_read_and_what_was_known(repo: Path, tmp_path: Path) -> None:
    first = json.loads(factory(tmp_path / "state", "build", "--repo", str(repo), "--json").stdout)
    assert (first["files"], first["parsed"], first["reused"], first["failed"]) == (4, 4, 0, [])
    assert first["bytes"] > 0
    assert Path(first["store"]).parent == tmp_path / "state" / "graph"
    second = factory(tmp_path / "state", "build", "--repo", str(repo))
    assert "4 files in" in second.stdout
    assert "0 read, 4 known" in second.stdout
    assert "python 4" in second.stdout


class Vectors(BaseHTTPRequestHandler):
    """/v1/embeddings: a bill is what every issue means."""

    def do_POST(self) -> None:
        texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
        data = [{"object": "embedding", "index": n, "embedding": [1.0, float(n > 0 and "shop/bill" not in text)]}
                for n, text in enumerate(texts)]  # fmt: skip
        body = json.dumps({"object": "list", "data": data, "model": "m", "usage": {}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Silence."""


def test_the_endpoint_for_embeddings_is_asked_where_one_is_set(state: Path, repo: Path, tmp_path: Path) -> None:
    http = ThreadingHTTPServer(("127.0.0.1", 0), Vectors)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    config = tmp_path / "factory.toml"
    config.write_text(
        f'[endpoints.near]\nwire = "openai"\nurl = "http://127.0.0.1:{http.server_port}/v1"\nmodel = "e5"\n'
        '[line]\nembeddings = "near"\n'
    )
    asked = ("query", "--repo", str(repo), "--issue", str(repo.parent / "issue.md"), "--json")
    scores = {}
    for name, more in (("without", ()), ("with", ("--config", str(config)))):
        done = factory(state, *asked, *more)
        assert (done.returncode, done.stderr) == (0, "")
        scores[name] = {row["path"]: row["score"] for row in json.loads(done.stdout)}
    http.shutdown()
    http.server_close()
    thread.join()
    first, second = (each["shop/bill.py"] / each["shop/cart.py"] for each in (scores["without"], scores["with"]))
    assert second > first
    config.write_text(config.read_text().replace("e5", "e6"))  # its vectors are not known, and nobody answers
    gone = factory(state, *asked, "--config", str(config))
    assert gone.returncode == 0
    assert "ranked without embeddings" in gone.stderr
    assert {row["path"]: row["score"] for row in json.loads(gone.stdout)} == scores["without"]


def test_the_files_of_an_issue_are_paths_and_nothing_else(state: Path, repo: Path) -> None:
    issue = str(repo.parent / "issue.md")
    lines = ask(state, repo, "--issue", issue, "--paths", "--limit", "20").splitlines()
    assert lines[0] == "shop/cart.py"
    assert set(lines) <= set(FILES)
    assert ask(state, repo, "--issue", "-", "--paths", "--limit", "1", stdin=ISSUE) == "shop/cart.py\n"
    listed = json.loads(ask(state, repo, "--issue", issue, "--json"))
    assert [one["path"] for one in listed] == lines
    table = ask(state, repo, "--issue", issue).splitlines()
    assert table[0].split() == ["file", "score", "lines", "why"]


def test_it_is_the_commit_that_counts_unless_dirty(tmp_path: Path, repo: Path, state: Path) -> None:
    clone = tmp_path / "clone"
    run_git(tmp_path, "clone", "--quiet", str(repo), str(clone))
    (clone / "shop/cart.py").write_text("def price():\n    return 1\n")
    (clone / "new.py").write_text("def fresh():\n    return 2\n")
    assert "def total" in ask(state, clone, "total")
    assert "new.py:1" in ask(state, clone, "fresh", "--dirty")
    assert refused(factory(state, "query", "fresh", "--repo", str(clone))).startswith("Nothing in the graph is called")


@pytest.mark.parametrize(
    ("name", "what", "depth", "shown"),
    [
        ("total", "symbols", 0, "shop/cart.py:1  function  total   def total(cart)"),
        ("total", "references", 0, "shop/bill.py:5"),
        ("total", "callers", 2, "shop/bill.py:5"),
        ("due", "callees", 1, "shop/cart.py:total"),
        ("total", "tests", 0, "test_total"),
        ("total", "neighbours", 0, "shop/bill.py:5"),
        ("shop/cart.py", "symbols", 0, "1-3"),
        ("shop/cart.py", "outline", 0, "def total(cart)"),
        ("shop/bill.py", "neighbours", 0, "imports"),
    ],
)
def test_questions(
    view: View, capsys: pytest.CaptureFixture[str], name: str, what: str, depth: int, shown: str
) -> None:
    assert answer(view, what, name, depth, 20, paths=False, as_json=False) == 0
    assert shown in capsys.readouterr().out


def test_questions_as_json_and_as_paths(view: View, capsys: pytest.CaptureFixture[str]) -> None:
    answer(view, "callers", "total", 1, 20, paths=False, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert (found["cut"], found["items"][0]["path"], found["items"][0]["sure"]) == (0, "shop/bill.py", True)
    answer(view, "references", "total", 0, 20, paths=True, as_json=False)
    assert capsys.readouterr().out.splitlines() == ["shop/bill.py", "tests/test_cart.py"]
    answer(view, "references", "total", 0, 1, paths=False, as_json=False)
    assert "3 more are not shown: raise --limit." in capsys.readouterr().err


def test_a_question_without_an_answer_is_no_error(view: View, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(view, "callers", "colour", 1, 20, paths=False, as_json=False) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "factory: colour is there, but has no callers.\n")


@pytest.mark.parametrize(
    ("what", "name", "sentence"),
    [
        ("symbols", "totl", "Nothing in the graph is called totl: did you mean total"),
        ("outline", "shop/cat.py", "There is no file shop/cat.py in the graph: did you mean cart.py"),
        (
            "callers",
            "shop/cart.py",
            "shop/cart.py is a file: ask about a symbol in it, for example shop/cart.py:total.",
        ),
    ],
)
def test_a_name_that_will_not_do_is_said_with_one_that_will(view: View, what: str, name: str, sentence: str) -> None:
    with pytest.raises(UsageProblem) as problem:
        answer(view, what, name, 1, 20, paths=False, as_json=False)
    assert str(problem.value).startswith(sentence)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("total", "--repo", "{tmp}"), "is not a git repository"),
        (("total", "--repo", "{tmp}/gone"), "does not exist"),
        (("total", "--repo", "{tmp}/empty"), "has no commit yet"),
        (("total", "--tests", "--references"), "two questions"),
        ((), "either a NAME"),
        (("--issue", "-"), "is empty"),
        (("--issue", "{tmp}/gone.md"), "does not exist"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    state: Path, tmp_path: Path, arguments: Sequence[str], sentence: str
) -> None:
    run_git(tmp_path, "init", "--quiet", "empty")
    done = factory(state, "query", *(word.format(tmp=tmp_path) for word in arguments), stdin=" \n")
    assert sentence in refused(done)


def test_show_writes_a_picture(state: Path, repo: Path, tmp_path: Path) -> None:
    out = tmp_path / "total.svg"
    done = factory(state, "show", "total", "--repo", str(repo), "--depth", "2", "--out", str(out))
    assert (done.returncode, done.stdout) == (0, f"{out}\n"), done.stderr
    assert ElementTree.parse(out).getroot().tag.endswith("svg")
    assert "test_total" in out.read_text()
    missing = factory(state, "show", "totl", "--repo", str(repo), "--out", str(tmp_path / "no.svg"))
    assert "did you mean total" in refused(missing)
    assert not (tmp_path / "no.svg").exists()


def test_paths_are_bytes_and_one_a_line() -> None:
    """A path that is no text or holds a line end must not break a reader's lines."""
    code = r"from factory.cli.graph_answers import _paths; _paths(['caf\udcc3\udca9.py', 'a\nb.py'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, timeout=60)
    assert io.BytesIO(done.stdout).readlines() == [b"caf\xc3\xa9.py\n", b"a\\nb.py\n"]
