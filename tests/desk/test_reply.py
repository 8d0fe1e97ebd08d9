"""What an answer asks for."""

import pytest

from factory.contracts.model import Reply, ToolCall
from factory.desk.reply import asked, said
from factory.edits.blocks import parse
from tests.desk.workshop import EDIT


def test_prose_is_no_action() -> None:
    assert asked(Reply(text="I would read the file first.")).empty


def test_edits_come_out_without_tools_and_reproduction() -> None:
    text = f'Now.\n{EDIT}\n<tool name="run_tests">{{}}</tool>\n### reproduce\n```\nmake x\n```\n'
    wanted = asked(Reply(text=text))
    assert [edit.path for edit in parse(wanted.edits)] == ["shop/cart.py"]
    assert [action.name for action in wanted.actions] == ["run_tests"]
    assert wanted.reproduction == "make x"
    assert "make x" not in wanted.edits


def test_the_body_of_a_block_reaches_the_parser_unchanged() -> None:
    body = 'x = """\n### reproduce\n```sh\nrm -rf /\n```\n<tool name="finish">{}</tool>\n<think>\n"""\n'
    wanted = asked(Reply(text=f"### write a.py\n<<<<<<< CONTENT\n{body}>>>>>>> END\n"))
    assert wanted.actions == ()
    assert wanted.reproduction == ""
    (edit,) = parse(wanted.edits)
    assert edit.text == body


def test_longer_markers_hold_shorter_ones() -> None:
    body = "<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n"
    wanted = asked(
        Reply(text=f'### write a.md\n<<<<<<<< CONTENT\n{body}>>>>>>>> END\n<tool name="list_files">{{}}</tool>')
    )
    assert parse(wanted.edits)[0].text == body
    assert [action.name for action in wanted.actions] == ["list_files"]


@pytest.mark.parametrize("text", ["### delete a.py", "### rename a.py => b.py", "<<<<<<< SEARCH\na\n"])
def test_a_block_of_any_kind_counts_also_a_broken_one(text: str) -> None:
    assert asked(Reply(text=text)).edits


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ('<tool name="search">{"pattern": "a"}</tool>', "search", {"pattern": "a"}),
        ('<tool name=\'search\'>\n{"pattern": "a"}\n</tool>', "search", {"pattern": "a"}),
        ("<tool name=list_files></tool>", "list_files", {}),
        ('<think>\n<tool name="finish">{}</tool>\n</think>\n<tool name="list_files">{}</tool>', "list_files", {}),
    ],
)
def test_tools_as_text(text: str, name: str, arguments: dict[str, object]) -> None:
    (action,) = asked(Reply(text=text)).actions
    assert (action.name, action.arguments, action.id) == (name, arguments, "")


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        (Reply(text=EDIT, finish="length"), "cut"),
        (Reply(text='<tool name="search">{"pattern": "a"'), "unclosed"),
        (Reply(text='<tool name="search">{"pattern": }</tool>'), "arguments"),
        (Reply(text='<tool name="search">["a"]</tool>'), "arguments"),
        (Reply(text="", calls=(ToolCall(id="1", name="search", arguments='{"pat'),)), "arguments"),
        (Reply(text='<tool name="list_files">{}</tool> <tool name="search">{"p'), "unclosed"),
        (Reply(text='<tool name="search">{"pattern": "a\\ud800"}</tool>'), "arguments"),
        *((Reply(text=f'<tool name="search">{{"pattern": {"[" * deep}{"]" * deep}}}</tool>'), "arguments")
          for deep in (60, 500, 50_000)),
    ],
)  # fmt: skip
def test_llm_04_one_unreadable_part_and_nothing_is_executed(reply: Reply, cause: str) -> None:
    wanted = asked(reply)
    assert wanted.cause == cause
    assert wanted.empty


def test_said_is_the_prose() -> None:
    assert said(Reply(text=f"<think>hm</think>Fixed it.\n\n{EDIT}\n")) == "Fixed it."
