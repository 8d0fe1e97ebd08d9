"""Writes the golden files of test_extract.py anew, to be read: `python -m tests.codegraph.parse.golden`."""

from factory.codegraph.parse.extract import extract
from factory.codegraph.parse.languages import language_of
from tests.codegraph.parse.test_extract import SOURCES, shown


def write() -> None:
    for path in sorted(SOURCES.iterdir()):
        if path.suffix != ".txt":
            golden = shown(extract(language_of(path.name), path.read_bytes()))
            path.with_name(f"{path.name}.txt").write_text(golden, encoding="utf-8")


if __name__ == "__main__":
    write()
