"""Secrets come back where they were, and nowhere else."""

from pathlib import Path

import pytest

from factory.contracts.change import Edit
from factory.contracts.errors import EditProblem
from factory.edits.draft import Draft
from factory.edits.paths import PathPolicy
from factory.llm.redact import Redaction
from tests.desk.workshop import repository

KEY = "AKIA" + "QYLPMN5HHHFPZAM2"
OTHER = "ghp_" + "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"
FILES = {
    "conf.py": f'KEY = "{KEY}"\nDEBUG = True\n',
    "app.py": "import conf\n",
    "notes.md": "[redacted-0123456789] stands for a secret\n",
}
REDACTION = Redaction(b"k" * 32, ())
NAME = next(iter(REDACTION.secrets(KEY)))
STRANGE = next(iter(REDACTION.secrets(OTHER)))


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    store, tree = repository(tmp_path, FILES)
    return Draft(store, tree, ("**",), PathPolicy(), (), REDACTION)


def replace(path: str, search: str, text: str) -> Edit:
    return Edit(kind="replace", path=path, search=search, text=text)


def test_a_files_own_secret_is_put_back_in_search_and_replacement(draft: Draft) -> None:
    draft.apply([replace("conf.py", f'KEY = "{NAME}"\nDEBUG = True', f'KEY = "{NAME}"\nDEBUG = False')])
    assert draft.read("conf.py") == f'KEY = "{KEY}"\nDEBUG = False\n'


def test_a_whole_file_gets_its_secret_back_also_after_an_edit_took_it_out(draft: Draft) -> None:
    draft.apply([replace("conf.py", f'KEY = "{NAME}"', 'KEY = ""')])
    assert KEY not in draft.read("conf.py")
    draft.apply([Edit(kind="write", path="conf.py", text=f'KEY = "{NAME}"\nDEBUG = 1\n')])
    assert draft.read("conf.py") == f'KEY = "{KEY}"\nDEBUG = 1\n'


def test_a_renamed_file_keeps_its_secret(draft: Draft) -> None:
    draft.apply([Edit(kind="rename", path="conf.py", target="settings.py")])
    draft.apply([replace("settings.py", f'KEY = "{NAME}"', f'KEY = "{NAME}"  # rotated monthly')])
    assert draft.read("settings.py").startswith(f'KEY = "{KEY}"  # rotated monthly')


@pytest.mark.parametrize(
    "edit",
    [
        replace("app.py", "import conf", f'import conf\nKEY = "{NAME}"'),
        Edit(kind="write", path="new.py", text=f'KEY = "{NAME}"\n'),
        replace("conf.py", "DEBUG = True", f'TOKEN = "{STRANGE}"'),
        Edit(kind="write", path="public.md", text=f"see {NAME} and {STRANGE}\n"),
    ],
)
def test_a_secret_never_moves_to_another_file(draft: Draft, edit: Edit) -> None:
    with pytest.raises(
        EditProblem, match=r"\[redacted-[0-9a-f]{10}\] stands for a secret that \S+ does not hold"
    ) as told:
        draft.apply([edit])
    assert told.value.rule == "redacted"
    assert KEY not in str(told.value)
    assert draft.changes() == ()


def test_text_that_only_looks_like_a_placeholder_stays_where_it_stood(draft: Draft) -> None:
    line = "[redacted-0123456789] stands for a secret"
    draft.apply([replace("notes.md", line, f"{line}.")])
    assert draft.read("notes.md") == f"{line}.\n"


def test_without_redaction_nothing_is_put_back(tmp_path: Path) -> None:
    store, tree = repository(tmp_path, FILES)
    plain = Draft(store, tree, ("**",), PathPolicy())
    plain.apply([Edit(kind="write", path="a.md", text=f"{NAME}\n")])
    assert plain.read("a.md") == f"{NAME}\n"
