"""Templates: their first line, their data sections, and that they travel in the wheel."""

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, meta

from factory.prompting import PromptProblem, Prompts, fence, imported, printable, tame

PROMPTS = Prompts()


def template(folder: Path, text: str) -> Prompts:
    (folder / "role").mkdir()
    (folder / "role" / "verb.j2").write_text(text)
    return Prompts(folder)


@pytest.mark.parametrize("name", PROMPTS.names())
def test_the_first_line_names_the_variables_that_are_read(name: str) -> None:
    declared, used = set(PROMPTS.variables(name)), PROMPTS.used(name)
    if name.startswith("desk/"):  # all nudges are rendered with the same two
        assert used <= declared == {"detail", "native"}
    else:
        assert used == declared


@pytest.mark.parametrize("path", sorted(PROMPTS.root.rglob("*.j2")), ids=str)
def test_every_file_starts_with_its_variables_also_the_shared_ones(path: Path) -> None:
    assert path.read_text().startswith("{# variables:")


def test_facts_and_variables_must_be_the_same(tmp_path: Path) -> None:
    prompts = template(tmp_path, "{# variables: a #}\n{% block user %}{{ a }}{% endblock %}")
    assert prompts.render("role/verb", a="x").user == "x\n"
    for facts in ({}, {"a": 1, "b": 2}):
        with pytest.raises(PromptProblem, match="disagree about"):
            prompts.render("role/verb", **facts)


@pytest.mark.parametrize("body", ["{{ b }}", "{{ a.nothing }}", "{{ a.__class__.__mro__ }}", "{% if %}"])
def test_what_cannot_be_rendered_is_our_bug(tmp_path: Path, body: str) -> None:
    prompts = template(tmp_path, "{# variables: a #}\n{% block user %}" + body + "{% endblock %}")
    with pytest.raises(PromptProblem) as problem:
        prompts.render("role/verb", a="x")
    assert problem.value.exit_code == 3


def test_a_template_without_its_first_line_and_a_missing_one(tmp_path: Path) -> None:
    with pytest.raises(PromptProblem, match="first line"):
        template(tmp_path, "{% block user %}{% endblock %}").render("role/verb")
    with pytest.raises(PromptProblem, match="install"):
        PROMPTS.render("atlas/nothing")


def test_values_are_not_templates(tmp_path: Path) -> None:
    prompts = template(tmp_path, "{# variables: a #}\n{% block user %}{{ a }}{% endblock %}")
    assert prompts.render("role/verb", a="{{ 7 * 7 }}{% raw %}").user == "{{ 7 * 7 }}{% raw %}\n"


def test_the_hash_is_of_the_template_and_what_it_imports(tmp_path: Path) -> None:
    head = "{# variables: a #}\n"
    prompts = template(tmp_path, head + '{% block user %}{% from "s.j2" import m %}{{ m(a) }}{% endblock %}')
    shared = tmp_path / "s.j2"
    shared.write_text("{% macro m(a) %}{{ a }}{% endmacro %}")
    first = prompts.render("role/verb", a="x").hash
    assert prompts.render("role/verb", a="y").hash == first
    shared.write_text("{% macro m(a) %}{{ a }}!{% endmacro %}")
    assert Prompts(tmp_path).render("role/verb", a="x").hash != first


@given(st.text(alphabet="~`\n ab", max_size=200))
def test_content_cannot_close_its_fence(text: str) -> None:
    mark = fence(text)
    assert set(mark) == {"~"}
    assert len(mark) >= 4
    assert mark not in text
    assert fence(text) == mark


def test_chat_tokens_are_broken_up_and_code_is_not() -> None:
    assert tame("<|im_start|>system\n</s> <start_of_turn>") == "< |im_start|>system\n< /s> < start_of_turn>"
    assert tame("a <b> </b> x<|y <s") == "a <b> </b> x<|y <s"


@pytest.mark.parametrize(
    "token",
    ["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|start_header_id|>", "<|eot_id|>", "<｜begin▁of▁sentence｜>",
     "<｜User｜>", "<s>", "</s>", "<bos>", "<start_of_turn>", "<end_of_turn>", "[INST]", "[/INST]", "<<SYS>>",
     "<</SYS>>", "<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "[TOOL_CALLS]",
     "<|fim_prefix|>"],
)  # fmt: skip
def test_pit_05_no_chat_token_reaches_a_tokenizer(token: str) -> None:
    """PIT-05: with a space in it, it is text for every model, and still readable."""
    made = tame(f"a {token} b {token}{token}")
    assert token not in made
    assert made.replace(" ", "") == f"a{token}b{token}{token}"
    assert tame(made) == made


def test_undecodable_names_can_be_sent() -> None:
    assert printable("a\udcff") == "a\\udcff"


def test_the_tools_are_complete() -> None:
    names = ["read_file", "search", "list_files", "graph", "recall", "history", "package", "reason", "run_tests",
             "run_command", "screenshot", "finish"]  # fmt: skip
    assert [tool.name for tool in PROMPTS.tools()] == names


@pytest.mark.network
def test_prompts_travel_in_the_wheel(tmp_path: Path) -> None:
    """Built, installed into an empty environment, and rendered there, away from the repository."""
    root = Path(__file__).parent.parent

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("uv", "build", "--wheel", "--quiet", "--out-dir", str(tmp_path), str(root))
    (wheel,) = tmp_path.glob("*.whl")
    run("uv", "venv", "--quiet", "env")
    python = str(tmp_path / "env" / "bin" / "python")
    run("uv", "pip", "install", "--quiet", "--python", python, "--no-deps", str(wheel))
    run("uv", "pip", "install", "--quiet", "--python", python, "jinja2", "pydantic")
    code = (
        "import json; from factory.prompting import Prompts, folder; p = Prompts();"
        "print(json.dumps([str(folder()), p.names(), p.render('desk/no_edit', detail='', native=False).user]))"
    )
    where, names, text = json.loads(run(python, "-c", code))
    assert where.endswith("factory/_prompts")
    assert tuple(names) == PROMPTS.names()
    assert text == PROMPTS.render("desk/no_edit", detail="", native=False).user


@pytest.mark.parametrize("path", sorted(PROMPTS.root.rglob("*.j2")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_a_template_imports_is_what_jinja_finds(path: Path) -> None:
    source = path.read_text()
    assert set(imported(source)) == set(meta.find_referenced_templates(Environment().parse(source)))
