"""The query files travel with the package: `pip install` must not lose what is not Python."""

import tomllib
from pathlib import Path

from factory.codegraph.parse import languages

ROOT = Path(__file__).parents[3]


def test_query_files_lie_in_a_package_that_the_wheel_takes_whole() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    folder = Path(languages.__file__).parent / "queries"
    assert folder.relative_to(ROOT).parts[0] in build["targets"]["wheel"]["packages"]
    assert not {"exclude", "only-include", "include"} & (build.keys() | build["targets"]["wheel"].keys())
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8")
    assert "scm" not in ignored
    assert "queries" not in ignored


def test_every_query_file_is_used() -> None:
    used = "\n".join(languages.query_text(name) for name in languages.LANGUAGES)
    for path in (Path(languages.__file__).parent / "queries").iterdir():
        assert path.read_text(encoding="utf-8") in used, path.name
