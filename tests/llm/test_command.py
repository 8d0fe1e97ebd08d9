"""Installed command lines, run without a shell and with next to no environment."""

import os
import sys
import time
from pathlib import Path

import pytest

from factory.contracts.errors import BadReply, ModelProblem, Refused
from factory.contracts.model import Reply
from factory.contracts.verdict import Judgement
from factory.llm.models import models
from factory.llm.problems import CutOff
from factory.llm.structured import schema_of
from tests.llm.bench import FastClock, endpoint, request


def ask(code: str, *, text: str = "hello", output: bool = False, max_tokens: int = 4096, **changes: object) -> Reply:
    one = endpoint(wire="command", command=(sys.executable, "-c", code), **changes)
    environment = {**os.environ, "SECRET": "never", "KEY": "given"}
    asked = request(text, output=schema_of(Judgement) if output else None, max_tokens=max_tokens)
    return models(environment, FastClock())(one).complete(asked)


def test_the_prompt_goes_in_and_the_text_comes_out() -> None:
    said = ask("import sys; print(sys.stdin.read().upper())", text="; rm -rf $HOME `id` grüße").text
    assert "# INSTRUCTIONS\n\nYOU JUDGE.\n\n# MESSAGE\n\n; RM -RF $HOME `ID` GRÜSSE" in said
    assert '"decision"' in ask("import sys; print(sys.stdin.read())", output=True).text


def test_the_environment_is_closed() -> None:
    said = ask("import os; print(sorted(os.environ), os.listdir())", key_env="KEY").text
    assert "SECRET" not in said
    assert "'KEY'" in said
    assert said.rstrip().endswith("[]")


@pytest.mark.parametrize(
    ("code", "problem", "words"),
    [
        ("raise SystemExit('no credit')", Refused, "exit code 1: no credit"),
        ("print('x' * 10_000_001)", BadReply, "more than"),
    ],
)
def test_failures_are_told(code: str, problem: type[ModelProblem], words: str) -> None:
    with pytest.raises(problem, match=words):
        ask(code)


def test_a_command_that_is_not_there() -> None:
    one = endpoint(wire="command", command=("no-such-command-here",))
    with pytest.raises(Refused, match=r"no-such-command-here cannot be started.*install it"):
        models({}, FastClock())(one).complete(request())
    with pytest.raises(Refused, match="set command = "):
        models({}, FastClock())(endpoint(wire="command")).complete(request())


def test_its_children_die_with_it(tmp_path: Path) -> None:
    mark = tmp_path / "alive"
    code = f"import subprocess, time; subprocess.Popen(['sh', '-c', 'sleep 1; touch {mark}']); time.sleep(60)"
    with pytest.raises(CutOff, match="did not answer within"):
        ask(code, max_tokens=1, first_token_s=0.2, idle_s=0.2)
    time.sleep(1.2)
    assert not mark.exists()
