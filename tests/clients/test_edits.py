"""Real clients from their registries make a whole edit through the gateway, set up as we document it."""

import json

import pytest

from tests.clients.conftest import AFTER, OUTPUT, TASK, Start

pytestmark = pytest.mark.clients
BLOCK = 'greet.py\n```python\n<<<<<<< SEARCH\n    return "hello"\n=======\n    return "goodbye"\n>>>>>>> REPLACE\n```\n'
SED = "sed -i s/hello/goodbye/ greet.py"


@pytest.mark.parametrize("wire", ["anthropic", "openai"])
def test_claude_code_reads_and_edits_on_its_own_wire_and_converted(bench: Start, wire: str) -> None:
    work = bench(wire)
    path = str(work.file)
    edit = {"file_path": path, "old_string": "hello", "new_string": "goodbye"}
    work.models.replies = [
        {"nth": 0, "text": "I read it.", "calls": [{"name": "Read", "arguments": {"file_path": path}}]},
        {"nth": 1, "calls": [{"name": "Edit", "arguments": edit}]},
        {"nth": 2, "text": "It says goodbye now."},
    ]
    done = work.run("claude-code", "-p", TASK, "--permission-mode", "acceptEdits")
    assert (done.returncode, done.stdout.strip()) == (0, "It says goodbye now."), done.stderr
    assert work.file.read_text() == AFTER
    asked = work.asked()
    assert {one.path for one in asked} == {"/v1/messages" if wire == "anthropic" else "/v1/chat/completions"}
    assert [one.model for one in asked] == ["deep-coder"] * 3
    assert {one.body["max_tokens"] for one in asked} == {OUTPUT}
    assert 'return \\"hello\\"' in json.dumps(asked[1].body) or "hello" in json.dumps(asked[1].body["messages"][-1])


def test_claude_code_plans_with_the_tier_for_plans(bench: Start) -> None:
    work = bench("anthropic", [{"text": "The plan: greet with goodbye."}])
    done = work.run("claude-code", "-p", TASK, "--permission-mode", "plan")
    assert "The plan" in done.stdout, done.stderr
    assert {one.model for one in work.asked()} == {"deep-logic"}


def test_codex_edits_with_a_command_on_the_responses_wire(bench: Start) -> None:
    work = bench("responses", items=[
        {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "exec_command",
         "arguments": json.dumps({"cmd": SED}), "status": "completed"},
        {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
         "content": [{"type": "output_text", "text": "It says goodbye now.", "annotations": []}]},
    ])  # fmt: skip
    done = work.run("codex", "exec", "--dangerously-bypass-approvals-and-sandbox", TASK)
    assert (done.returncode, done.stdout.strip()) == (0, "It says goodbye now."), done.stderr
    assert work.file.read_text() == AFTER
    asked = work.asked()
    assert [(one.path, one.model) for one in asked] == [("/v1/responses", "deep-coder")] * 2
    assert "web_search" not in {tool.get("type") for tool in asked[0].body["tools"]}


def test_codex_plans_with_the_profile_for_plans(bench: Start) -> None:
    work = bench("responses", items=[
        {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
         "content": [{"type": "output_text", "text": "The plan: greet with goodbye.", "annotations": []}]},
    ])  # fmt: skip
    done = work.run("codex", "exec", "--profile", "plan", "--sandbox", "read-only", TASK)
    assert "The plan" in done.stdout, done.stderr
    assert [one.model for one in work.asked()] == ["deep-logic"]


def test_aider_plans_edits_and_commits_with_three_tiers(bench: Start) -> None:
    work = bench("openai", [
        {"match": "PLAN-7", "nth": None, "text": BLOCK},
        {"match": "diff --git", "text": "feat: say goodbye"},
        {"match": TASK, "text": "PLAN-7: in greet.py, return goodbye instead of hello."},
    ])  # fmt: skip
    done = work.run("aider", "--yes-always", "--no-gitignore", "--no-show-release-notes", "--message", TASK, "greet.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert work.file.read_text() == AFTER, done.stdout
    models = [one.model for one in work.asked()]
    assert models == ["deep-logic", "deep-coder", "fast"], done.stdout
    assert "Max retries" not in done.stdout, "it looked for a price list on the internet"


def test_mini_swe_agent_edits_with_a_command(bench: Start) -> None:
    work = bench("openai", [
        {"nth": 0, "text": "I change it.", "calls": [{"name": "bash", "arguments": {"command": SED}}]},
        {"nth": 1, "text": "Done.", "calls": [
            {"name": "bash", "arguments": {"command": "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"}}]},
    ])  # fmt: skip
    config = ("-c", "mini.yaml", "-c", "~/.config/mini-swe-agent/factory.yaml")
    done = work.run("mini-swe-agent", "-y", "--exit-immediately", *config, "-t", TASK)
    assert work.file.read_text() == AFTER, done.stdout + done.stderr
    assert [(one.model, one.body["max_tokens"]) for one in work.asked()] == [("deep-coder", OUTPUT)] * 2


def test_continue_reads_and_edits(bench: Start) -> None:
    work = bench("openai")
    path = str(work.file)
    edit = {"file_path": path, "old_string": "hello", "new_string": "goodbye"}
    work.models.replies = [
        {"nth": 0, "text": "I read it.", "calls": [{"name": "Read", "arguments": {"filepath": path}}]},
        {"nth": 1, "text": "I change it.", "calls": [{"name": "Edit", "arguments": edit}]},
        {"nth": 2, "text": "It says goodbye now."},
    ]
    done = work.run("continue", "--config", "~/.continue/config.yaml", "--auto", "-p", TASK)
    assert done.stdout.strip() == "It says goodbye now.", done.stderr
    assert work.file.read_text() == AFTER
    assert [one.model for one in work.asked()] == ["deep-coder"] * 3
