"""Which files may leave: the built-in list, the owner's globs, what .factoryignore adds and cannot take away."""

import time
from pathlib import Path

import pytest

from factory.contracts.egress import EgressSettings
from factory.contracts.errors import UsageProblem
from factory.llm.policy import Rules, rules_of
from tests.desk.workshop import repository

LISTED = (
    ".env", "a/.ENV.local", "config/prod.env", "deploy/server.pem", "id_rsa", "a/ID_ED25519", ".npmrc", "x/.pypirc",
    ".netrc", "credentials", "a/credentials.json", "vault.kdbx", "infra/main.tfstate", "infra/main.tfstate.backup",
    "tls/site.key", "store.p12", ".aws/config", "home/.ssh/config", ".docker/config.json",
)  # fmt: skip
ORDINARY = (
    "src/app.py", ".env.example", "environment.py", "src/credentials.py", "src/credentials/aws.py", "keys.py",
    "id_rsa.pub", "docs/keyboard.md", "package.json", ".github/workflows/ci.yml", ".factoryignore",
)  # fmt: skip


@pytest.mark.parametrize("path", LISTED)
def test_files_that_hold_secrets_never_leave(path: str) -> None:
    rules = Rules(EgressSettings())
    assert "[egress] never" in rules.allowed(path, "frontier")
    assert "[egress] never" in rules.allowed(path, "rented")
    assert rules.allowed(path, "local") == ""


@pytest.mark.parametrize("path", ORDINARY)
def test_ordinary_files_may(path: str) -> None:
    assert Rules(EgressSettings()).allowed(path, "frontier") == ""


def test_the_owner_allows_and_denies_for_each_tier() -> None:
    egress = EgressSettings.model_validate({
        "never": ["*.sql", "!certs/public.pem"],
        "rented": {"deny": ["internal/"]},
        "frontier": {"allow": ["src/", "*.md"], "deny": ["src/secret/*"]},
    })  # fmt: skip
    rules = Rules(egress)
    assert [path for path in ("src/a.py", "README.md", "certs/public.pem") if rules.allowed(path, "rented")] == []
    assert "[egress.rented] deny" in rules.allowed("internal/a.py", "rented")
    assert "never" in rules.allowed("db/dump.sql", "rented")
    assert rules.allowed("src/a.py", "frontier") == rules.allowed("docs/a.md", "frontier") == ""
    assert "[egress.frontier] deny" in rules.allowed("src/secret/a.py", "frontier")
    assert "allow does not name it" in rules.allowed("setup.cfg", "frontier")
    assert "allow does not name it" in rules.allowed("internal/a.py", "frontier")


def test_the_repository_can_only_add(tmp_path: Path) -> None:
    ignore = "# what stays\n/data/\n*.csv\n!open.csv\n!.env\n"
    store, tree = repository(tmp_path, {".factoryignore": ignore, "a.py": "pass\n", "sub/.factoryignore": "*.py\n"})
    rules = rules_of(EgressSettings(), store, tree)
    assert ".factoryignore" in rules.allowed("data/a.py", "rented")
    assert ".factoryignore" in rules.allowed("x/rows.csv", "frontier")
    assert rules.allowed("open.csv", "frontier") == rules.allowed("x/data/a.py", "frontier") == ""
    assert "[egress] never" in rules.allowed(".env", "frontier")  # its exceptions are exceptions from itself


@pytest.mark.parametrize("pattern", ["!", "*a*b*c*d*e*f*g*h*i*", "x" * 2000])
def test_a_pattern_that_is_none_is_said(pattern: str) -> None:
    with pytest.raises(UsageProblem, match=r"\[egress\] never"):
        Rules(EgressSettings(never=(pattern,)))
    with pytest.raises(UsageProblem, match=r"\.factoryignore"):
        Rules(EgressSettings(), pattern)


def test_patterns_and_names_made_to_take_for_ever_do_not() -> None:
    with pytest.raises(UsageProblem, match="stars"):
        Rules(EgressSettings(), "*a*a*a*a*b")
    rules = Rules(EgressSettings(), "**/a/**/a/**/a/b")
    assert "longer than" in rules.allowed("a/" * 2000 + "c", "frontier")
    started = time.process_time()
    assert rules.allowed("a/" * 190 + "c", "frontier") == ""
    assert time.process_time() - started < 10
