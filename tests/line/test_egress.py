"""A whole run through a frontier endpoint over real HTTP: what its server received, byte by byte, is what may leave."""

import base64
import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from factory.contracts.model import OutputSchema, ToolSpec
from factory.contracts.record import Json, digest
from factory.llm.providers.script import Asked, Deck, Script
from factory.serve.wires import OPENAI
from tests.line.targets import factory, repository, result
from tests.line.test_ways import EDIT, NONE, plan, unit, verdict
from tests.serve.upstream_double import Step, Upstream, answer, stream_head, upstream

AWS = "AKIA" + "QYLPMN5HHHFPZAM2"
JWT = "eyJhbGciOiJIUzI1NiJ9." + base64.urlsafe_b64encode(b'{"sub":"somebody-who-pays"}').decode().rstrip("=") + ".c2ln"
TOKEN = "t0k3n-of-the-shop-which-nobody-may-see"
KEY = "sk-test-not-a-real-key-123456"
SECRETS = (AWS, JWT, TOKEN, KEY, "correct horse battery")
HELLO = f'''"""Greets."""

AWS_KEY = "{AWS}"


def greet():
    return "hello"
'''
DENIED = {
    ".env": "WAREHOUSE_HOST=db-17.internal.example\nWAREHOUSE_USER=shop-reader\n",
    "private/plan.md": "# Plan\n\nWe will greet every customer of the shop next door by name in March.\n",
    "pricing/table.py": "def margin(greeting):\n    return 0.417 * len(greeting) - 12.25  # greet margin\n",
    "notes/other.txt": "greet: the names of all customers are in the red folder\n",
}
FILES = {
    "hello.py": HELLO,
    "config.py": 'PASSWORD = "correct horse battery"\nGREETINGS = ("hello", "good morning", "good evening")\n',
    "README.md": "# Greetings\n\nCalls `greet` and prints what it says.\n",
    "tests/__init__.py": "",
    "tests/test_hello.py": "import unittest\n\nimport hello\n\n\nclass T(unittest.TestCase):\n"
    "    def test_greet(self):\n        print(hello.AWS_KEY)\n        self.assertIn('hello', hello.greet())\n",
    ".factoryignore": "private/\n",
    **DENIED,
}
ISSUE = f"""# Greet by name

greet() in hello.py should take a name. See private/plan.md, pricing/table.py, notes/other.txt and .env.
I called it with the header `{JWT}` and with {TOKEN}.
"""
SETTINGS = """
[endpoints.cloud]
wire = "openai"
url = "{url}"
model = "m-frontier"
tier = "frontier"
key_env = "CLOUD_KEY"
tools = true
price_in = 3
price_out = 15

[line]
ceiling = "frontier"
escalate_to = "frontier"
coding = "work"
threads = 1

[egress.frontier]
allow = ["*.py", "*.md", "tests/", ".factoryignore"]
deny = ["pricing/"]
run_share = 1.0
day_share = 1.0

[checks]
lint = false
"""
LOOK: tuple[tuple[str, Json], ...] = (
    *(("read_file", {"path": path}) for path in (*DENIED, "hello.py", "config.py")),
    ("search", {"pattern": "greet"}),
    ("search", {"pattern": "WAREHOUSE|folder"}),
    ("graph", {"ask": "definition", "of": "margin"}),
    ("graph", {"ask": "outline", "of": "pricing/table.py"}),
    ("recall", {"about": "pricing/table.py"}),
    ("list_files", {}),
    (f"read_{AWS}", {"path": f"{TOKEN}"}),
    ("run_tests", {}),
)


def replies() -> Iterator[Json]:
    def said(who: str, reply: Json) -> Json:
        return {key: value for key, value in reply.items() if key != "role"} | {"match": who}

    yield said("You are Atlas", plan(unit("code", "backend", "hello.py"), effort=4))
    mine = "Do the unit code"
    for n, (name, arguments) in enumerate(LOOK):
        yield said(
            mine, {"nth": n, "text": "I look.", "calls": [{"name": name, "arguments": arguments, "id": f"c{n}"}]}
        )
    yield said(mine, {"nth": len(LOOK), "text": EDIT})
    done = [{"name": "finish", "arguments": {"summary": "greets by name"}, "id": "end"}]
    yield said(mine, {"nth": len(LOOK) + 1, "text": "", "calls": done})
    for who in ("You are Hydra", "You are the threat auditor", "You are the injection auditor"):
        yield {"match": who, "text": NONE, "repeat": True}
    yield said("You are Genesis", verdict("ACCEPT"))


def answering() -> Callable[[Json, int], Iterator[Step]]:
    deck = Deck(Script.model_validate({"replies": list(replies())}))

    def script(body: Json, number: int) -> Iterator[Step]:
        turn = sum(message["role"] == "assistant" for message in body["messages"])
        said = tuple(message.get("content") or "" for message in body["messages"])
        reply = deck.next(Asked(role="", template="", said=said, turn=turn, key=digest(json.dumps(body))))
        if reply is None:
            yield answer({"error": {"message": f"no reply for {said[-1][-500:]!r}"}}, "400 Bad Request")
            return
        yield stream_head()
        for event in OPENAI.events(body, reply):
            yield event.encode()

    return script


def walked(folder: Path, server: Upstream, issue: str) -> tuple[int, dict[str, Any]]:
    repo = repository(folder / "repo", dict(FILES))
    (folder / "factory.toml").write_text(SETTINGS.format(url=server.url))
    (folder / "7.md").write_text(issue)
    arguments = ("--repo", repo, "--issue", folder / "7.md", "--config", folder / "factory.toml", "--json")
    done = factory(folder / "state", "run", *arguments, CLOUD_KEY=KEY, SHOP_API_TOKEN=TOKEN)
    return done.returncode, result(done) | {"stderr": done.stderr}


def rows(folder: Path) -> list[sqlite3.Row]:
    with sqlite3.connect(folder / "state" / "factory.db") as db:
        db.row_factory = sqlite3.Row
        return list(db.execute("SELECT * FROM egress ORDER BY id"))


def received(body: Json) -> int:
    """Bytes of all that is said in a request, its tools and its schema: what the egress ledger counts."""
    texts = [message.get("content") or "" for message in body["messages"]]
    for message in body["messages"]:
        texts += [call["function"]["name"] + call["function"]["arguments"] for call in message.get("tool_calls", ())]
    texts += [ToolSpec.model_validate(tool["function"]).to_json() for tool in body.get("tools", ())]
    if form := body.get("response_format"):
        schema = form["json_schema"]
        texts.append(OutputSchema(name=schema["name"], body=schema["schema"]).to_json())
    return sum(len(text.encode()) for text in texts)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Upstream]:
    folder = tmp_path_factory.mktemp("cloud")
    with upstream(answering()) as server:
        code, value = walked(folder, server, ISSUE)
    assert code == 0, value["stderr"]
    record = json.loads(Path(value["run_json"]).read_text())
    assert record["verdict"]["decision"] == "ACCEPT"
    change = record["waves"][0]["changes"][0]
    assert change["steps"] == len(LOOK) + 2, "every tool was really used"
    return folder, server


def test_no_line_of_a_file_that_may_not_leave_arrived(run: tuple[Path, Upstream]) -> None:
    folder, server = run
    everything = b"\n".join(server.raw).decode()
    assert len(server.raw) > len(LOOK) + 5
    for path, text in DENIED.items():
        for line in filter(None, (line.strip() for line in text.splitlines()[path.endswith(".md") :])):
            assert line not in everything, path
    assert "withheld by [egress]" in everything
    assert all(path in everything for path in DENIED), "their names are no secret"
    assert not {row["path"] for row in rows(folder)} & set(DENIED)


def test_no_secret_arrived_and_none_is_lost_in_the_change(run: tuple[Path, Upstream]) -> None:
    _, server = run
    for head in server.heads:
        rest = head.replace(f"Bearer {KEY}", "")
        assert not [secret for secret in SECRETS if secret in rest]
    for raw in server.raw:
        assert not [secret for secret in SECRETS if secret.encode() in raw]
    asked = [message["content"] for message in server.bodies[-1]["messages"]]
    assert "[redacted-" in asked[1]


def test_the_ledger_is_what_arrived(run: tuple[Path, Upstream]) -> None:
    """Each request's rows, pieces first and the rest last, come to its bytes; each file that arrived is named."""
    folder, server = run
    sums, names, size = list[int](), list[set[str]](), 0
    paths: set[str] = set()
    for row in rows(folder):
        assert (row["endpoint"], row["tier"]) == ("cloud", "frontier")
        size += row["bytes"]
        paths.add(row["path"])
        if not row["path"]:
            sums.append(size)
            names.append(paths - {""})
            size, paths = 0, set()
    assert (size, paths) == (0, set())
    assert sums == [received(body) for body in server.bodies]
    for body, named in zip(server.bodies, names, strict=True):
        said = "\n".join(message.get("content") or "" for message in body["messages"])
        whole = {path for path in ("hello.py", "config.py", "README.md") if FILES[path].splitlines()[-1] in said}
        assert whole <= named


def test_the_command_says_the_same(run: tuple[Path, Upstream]) -> None:
    folder, server = run
    done = factory(folder / "state", "ledger", "egress", "--by", "endpoint", "--json")
    assert done.returncode == 0, done.stderr
    value = json.loads(done.stdout)
    assert value["cloud"]["bytes"] == sum(map(received, server.bodies))


def test_an_issue_that_quotes_such_a_line_stops_before_a_byte_leaves(tmp_path: Path) -> None:
    with upstream(answering()) as server:
        code, value = walked(tmp_path, server, f"{ISSUE}\n> WAREHOUSE_HOST=db-17.internal.example\n")
    assert code != 0
    assert "line 1 of .env" in json.dumps(value)
    assert (server.raw, rows(tmp_path)) == ([], [])
