"""`factory graph pack`: what would be sent, and nothing else on stdout."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from factory.git import run_git

KEY = "ghp_" + "Ab3dE5gH" * 4 + "Jk7m"
FILES = {
    "shop/cart.py": f'TOKEN = "{KEY}"\n\n\ndef total(cart):\n    return sum(cart)\n',
    "shop/secret_recipe.py": "def total_of_the_recipe(cart):\n    return 'flour and water and nothing else'\n",
    ".env": "PASSWORD=not-for-anybody-else\n",
    "README.md": "# Shop\n",
    ".factoryignore": "secret_*\n",
}
ISSUE = "total() of shop/cart.py ignores the discount\n\nSo does total_of_the_recipe in secret_recipe.py and .env.\n"


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pack") / "repo"
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    run_git(folder, "init", "-q")
    run_git(folder, "add", "-A")
    run_git(folder, "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "one")
    (folder.parent / "issue.md").write_text(ISSUE)
    return folder


def shown(repo: Path, *options: str) -> tuple[str, str]:
    state = repo.parent / "state"
    done = subprocess.run(
        [sys.executable, "-m", "factory.cli", "graph", "pack", "--repo", str(repo), "--issue",
         str(repo.parent / "issue.md"), *options],
        capture_output=True, text=True, check=False, cwd=repo.parent, env={**os.environ, "FACTORY_STATE": str(state)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not (state / "runs").exists()
    return done.stdout, done.stderr


def test_a_local_model_is_shown_everything(repo: Path) -> None:
    text, said = shown(repo)
    assert text.startswith("You are Atlas, the architect")
    assert ISSUE.partition("\n")[0] in text
    assert KEY in text
    assert "flour and water" in text
    assert "tokens" in said
    assert "of 5 files" in said


@pytest.mark.parametrize("tier", ["rented", "frontier", "cloud"])
def test_a_cloud_is_shown_neither_secrets_nor_withheld_files(repo: Path, tier: str) -> None:
    text, _ = shown(repo, "--tier", tier)
    assert "def total(cart):" in text
    assert KEY not in text
    assert "flour and water" not in text
    assert "not-for-anybody-else" not in text


def test_a_coders_prompt_as_json_with_its_pieces(repo: Path) -> None:
    text, _ = shown(repo, "--role", "backend", "--tier", "frontier", "--json")
    value = json.loads(text)
    system, user = value["messages"]
    assert system["role"] == "system"
    assert "You are the back-end coder" in user["text"]
    assert "shop/cart.py" in [piece["path"] for piece in value["pieces"]]
    assert not [piece for piece in value["pieces"] if "secret" in piece["path"] or piece["path"] == ".env"]
    assert "graph" in [tool["name"] for tool in value["tools"]]
