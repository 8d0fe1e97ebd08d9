"""Every golden file: what comes out of the conversion is what was read and kept."""

import copy
from pathlib import Path

import pytest

from tests.serve.convert.golden import DATA, MODEL, REPLIES, REQUESTS, cases, client_of, load, streamed

WHOLE = [(name, path) for name in REPLIES for path in cases(name, ".json")]
ASKED = [(name, path) for name in REQUESTS for path in cases(name, ".json")]
STREAMS = [(name, path) for name in REPLIES for path in cases(name, ".upstream.sse")]


def named(value: object) -> str:
    return str(value.relative_to(DATA)) if isinstance(value, Path) else ""


@pytest.mark.parametrize(("folder", "path"), ASKED, ids=named)
def test_requests(folder: str, path: Path) -> None:
    case = load(path)
    given = copy.deepcopy(case["in"])
    assert REQUESTS[folder].request(given) == case["out"]
    assert list(REQUESTS[folder].dropped(given)) == case["dropped"]
    assert given == case["in"], "the client's request was changed"


@pytest.mark.parametrize(("folder", "path"), WHOLE, ids=named)
def test_whole_replies(folder: str, path: Path) -> None:
    case = load(path)
    given = copy.deepcopy(case["in"])
    assert REPLIES[folder].whole(given, MODEL) == case["out"]
    assert given == case["in"]


@pytest.mark.parametrize(("folder", "path"), STREAMS, ids=named)
def test_streams(folder: str, path: Path) -> None:
    assert streamed(folder, path.read_text(encoding="utf-8")) == client_of(path).read_bytes()


def test_no_file_is_left_over() -> None:
    """A stream without its upstream would be compared with nothing."""
    clients = {path for name in REPLIES for path in (DATA / name).glob("*.client.sse")}
    assert clients == {client_of(path) for _, path in STREAMS}
