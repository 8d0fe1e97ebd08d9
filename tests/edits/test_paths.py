"""Paths: what is inside the repository at all, what is protected, what a person should look at."""

import json
from pathlib import Path

import pytest

from factory.contracts.tables import PathSettings
from factory.edits.paths import PathPolicy, escape, normal

POLICY = PathPolicy()
CASES = {row["id"]: row for row in json.loads((Path(__file__).parents[1] / "data/security_cases.json").read_text())}

OUTSIDE = [
    "", "/etc/passwd", "../x", "a/../b", "a/..", "..", ".", "./a", "a//b", "a/", "~/.netrc", "~", "C:/x", "c:\\x",
    "a\\b", "a\0b", "a\nb", "a\x7fb", "a\udcff", "．．/x", "a/‥/b", "a／../b", ".git/hooks/x", ".GIT/config",
    "git~1/config", "GIT~2/x",
    "sub/.git/config", ".git", ".git./config", ".git /config", ".g\u200cit/config", ".ｇit/x", ".git:stream/x",
    ".git::$INDEX_ALLOCATION/config", "...", "a/ /b", "con.", "name ", "dir./x", "x\u200b.py", "x\u202e.py",
]  # fmt: skip
INSIDE = [
    "a",
    "a b.py",
    "src/.gitignore",
    ".github/x",
    "gitx/config",
    "a..b",
    "..a",
    "é.py",
    "e\u0301.py",
    "日本.md",
    "a:b",
    "pages/[id].tsx",
]


@pytest.mark.parametrize("path", OUTSIDE, ids=ascii)
def test_no_path_in_the_repository(path: str) -> None:
    assert escape(path)
    assert POLICY.refuse(path)


@pytest.mark.parametrize("path", INSIDE, ids=ascii)
def test_a_path_like_any_other(path: str) -> None:
    assert POLICY.refuse(path) == ""


PROTECTED = [
    ".github/workflows/ci.yml", ".github/workflows", ".github/actions/x/action.yml", "CODEOWNERS", ".github/CODEOWNERS",
    "docs/CODEOWNERS", ".gitattributes", "sub/.gitattributes", ".gitmodules", "factory.toml",
]  # fmt: skip


@pytest.mark.parametrize("path", PROTECTED)
def test_protected(path: str) -> None:
    assert "protected" in POLICY.refuse(path)


@pytest.mark.parametrize(
    "path", [".ｇithub/workflows/x.yml", ".github\u200b/workflows/x.yml", ".GitHub/Workflows/x.yml", ".Git/x", "con.",
             ".github./workflows/x", ".github /workflows/x", "FACTORY.TOML", "ｆactory.toml", "Codeowners"],
    ids=ascii,
)  # fmt: skip
def test_PTH_14_case_and_unicode_twins_of_protected_paths(path: str) -> None:
    assert CASES["PTH-14"]
    assert POLICY.refuse(path)


def test_settings_add_to_the_built_in_ones_and_never_replace_them() -> None:
    policy = PathPolicy.of(PathSettings(protected=("infra/**", "*.KEY"), flagged=("db/*.sql",)))
    assert policy.refuse("infra/main.tf")
    assert policy.refuse("INFRA/main.tf")
    assert policy.refuse("server.key")
    assert policy.refuse("factory.toml")
    assert not policy.refuse("src/infra.py")
    assert "db/*.sql" in policy.flag("db/x.sql")


@pytest.mark.parametrize(
    ("path", "word"),
    [("uv.lock", "lock"), ("web/package-lock.json", "lock"), ("pyproject.toml", "manifest"),
     ("requirements-dev.txt", "manifest"),
     (".github/dependabot.yml", "CI"), (".gitlab-ci.yml", "CI"), ("AGENTS.md", "agent"), ("sub/CLAUDE.md", "agent"),
     ("src/a.py", "")],
)  # fmt: skip
def test_flagged_for_a_person(path: str, word: str) -> None:
    assert (word in POLICY.flag(path)) if word else POLICY.flag(path) == ""


def test_leases_are_refused_beforehand_where_they_name_a_protected_path() -> None:
    for glob in (".github/workflows/*.yml", "../*", "/etc/*", "src/*/../x", ".git/**", "factory.toml", "~/*", ""):
        assert POLICY.refuse_lease(glob), glob
    for glob in ("**", "src/", "src/**/*.py", ".github/**", "*.md", "pages/[id].tsx"):
        assert POLICY.refuse_lease(glob) == "", glob


def test_normal_form() -> None:
    assert normal(".ＧitHub\u200d/Straße. .") == ".github/strasse"
