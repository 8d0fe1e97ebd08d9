"""A real Chromium in the real sandbox: what it tells of a page, pixels included, and that hostile pages get nothing."""

import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from factory.checks.bench import Bench
from factory.checks.screenshot import screenshot
from factory.contracts.change import FileChange
from factory.contracts.sandbox import Limits
from factory.contracts.screen import PageServer, Seen, View
from factory.contracts.tables import CheckSettings, SandboxSettings
from factory.files import BlobFolder
from factory.git import Store
from factory.sandbox import launch
from factory.sandbox.browser import browser
from factory.sandbox.bubblewrap import Bubblewrap
from tests.desk.workshop import repository
from tests.llm.bench import MemoryScope

pytestmark = pytest.mark.browser
WIDTH, HEIGHT = 320, 240
SHOP = """<!doctype html><html lang="en"><title>Shop</title><link rel="stylesheet" href="style.css">
<h1>Cart</h1><img src="https://cdn.example.com/logo.png"><button></button>
<label>Mail <input value="a@b"></label><div id="banner"></div><script src="shop.js"></script></html>"""
STYLE = "body { margin: 0; background: #ff8000 } #banner { width: 700px; height: 20px; background: #0000ff }"
SERVER = """
import http.server, os
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(f"<title>served</title><p>You asked for {self.path}".encode())
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Page).serve_forever()
"""
HOSTILE = {
    "loop": "while (true) {}",
    "later": "setTimeout(() => { while (true) {} }, 50)",
    "alert": "for (;;) { alert('stay'); confirm('stay'); prompt('stay') }",
    "file": "location = 'file:///etc/passwd'",
    "frame": "document.body.innerHTML += '<iframe src=file:///etc/passwd></iframe><iframe src=/link.html></iframe>"
    "<iframe src=/%2e%2e/%2e%2e/etc/passwd></iframe><iframe src=/folder/passwd></iframe>'",
    "download": "const a = document.createElement('a'); a.href = 'data:text/plain,x'; a.download = 'x'; a.click()",
    "windows": "for (let i = 0; i < 50; i++) window.open('about:blank?' + i)",
    "memory": "const all = []; for (;;) all.push(new Array(1e6).fill(Math.random()))",
    "workers": "for (let i = 0; i < 300; i++) new Worker(URL.createObjectURL(new Blob(['for (;;) {}'])))",
    "reload": "setTimeout(() => location.reload(), 20)",
    "flood": "setInterval(() => { for (let i = 0; i < 1000; i++) console.error('x'.repeat(999) + i) }, 1)",
    "network": "fetch('http://169.254.169.254/').catch(e => console.error('refused: ' + e))",
}
Look = Callable[..., Seen]


@pytest.fixture(scope="module", autouse=True)
def _chromium() -> None:
    assert browser(), "No Chromium is installed: type `make test-browser`, which installs it, or install it yourself."


@pytest.fixture(params=["root", "user"])
def sandbox(request: pytest.FixtureRequest) -> bool:
    if request.param == "root" and not launch.as_root():
        pytest.skip("not started as root")
    return bool(request.param == "root")


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Look at a page of these files; `kept` holds the pictures."""

    def run(files: dict[str, str], page: str, root: bool | None = None, links: dict[str, str] | None = None,
            limits: Limits | None = None, **view: object) -> Seen:  # fmt: skip
        store, tree = repository(tmp_path / str(len(list(tmp_path.iterdir()))), files)
        tree = store.overlay(tree, [_link(store, path, target) for path, target in (links or {}).items()])
        box = Bubblewrap(store, tmp_path / "state", SandboxSettings(), root=root)
        bench = Bench(trees=store, sandbox=box, blobs=BlobFolder(tmp_path / "blobs"), when="2026-01-01",
                      settings=CheckSettings(limits=limits or Limits()))  # fmt: skip
        wanted = View.model_validate({"tree": tree, "page": page, "width": WIDTH, "height": HEIGHT, **view})
        return screenshot(bench, BlobFolder(tmp_path / "kept"), wanted, MemoryScope())

    return run


def _link(store: Store, path: str, target: str) -> FileChange:
    return FileChange(path=path, op="write", mode="120000", oid=store.blob(target.encode()))


def pixels(data: bytes) -> list[bytes]:
    """The rows of a PNG of 8 bits a colour, three bytes a pixel."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, deep = int.from_bytes(data[16:20], "big"), {2: 3, 6: 4}[data[25]]
    size = int.from_bytes(data[33:37], "big")
    raw, rows, above = zlib.decompress(data[41 : 41 + size]), [], bytes(width * deep)
    for at in range(0, len(raw), width * deep + 1):
        above = _unfiltered(raw[at], raw[at + 1 : at + 1 + width * deep], above, deep)
        rows.append(b"".join(above[x : x + 3] for x in range(0, len(above), deep)))
    return rows


def _unfiltered(kind: int, row: bytes, above: bytes, deep: int) -> bytes:
    """PNG, section 9: None, Sub, Up, Average, Paeth."""
    made = bytearray(row)
    for x in range(len(row)):
        left, up, corner = (made[x - deep] if x >= deep else 0), above[x], (above[x - deep] if x >= deep else 0)
        near = min((left, up, corner), key=lambda value: abs(left + up - corner - value))
        made[x] = (row[x] + (0, left, up, (left + up) // 2, near)[kind]) & 255
    return bytes(made)


def colour(tmp_path: Path, seen: Seen, x: int, y: int) -> tuple[int, ...]:
    assert seen.picture
    rows = pixels(BlobFolder(tmp_path / "kept").get(seen.picture.sha256))
    assert (len(rows[0]) // 3, len(rows)) == (seen.picture.width, seen.picture.height)
    return tuple(rows[y][3 * x : 3 * x + 3])


def test_a_page_with_a_script_error_a_blocked_picture_and_a_defect(look: Look, tmp_path: Path, sandbox: bool) -> None:
    files = {
        "web/index.html": SHOP,
        "web/style.css": STYLE,
        "web/shop.js": "\nconsole.error('no stock');\nopenCart();\n",
    }
    seen = look(files, "web/index.html", sandbox)
    assert (seen.problem, seen.title, seen.wide) == ("", "Shop", 700)
    assert seen.console == (
        "error: no stock", "error: ReferenceError: openCart is not defined (/web/shop.js:3)",
    )  # fmt: skip
    assert seen.requests == ("https://cdn.example.com/logo.png: net::ERR_NAME_NOT_RESOLVED",)
    assert seen.notes == ("div#banner reaches 380 px beyond the right edge",)
    assert 'heading "Cart" (level 1)' in seen.outline
    assert "button (no name)" in seen.outline
    assert 'textbox "Mail" = "a@b"' in seen.outline
    assert seen.picture
    assert (seen.picture.width, seen.picture.height) == (WIDTH, HEIGHT)
    assert colour(tmp_path, seen, 310, 5) == (255, 128, 0), "the style sheet was found"


def test_a_whole_page_ends_where_there_are_pixels_enough(look: Look, tmp_path: Path) -> None:
    first = "<body style='margin:0'><div style='height:1000px;background:#0f0'></div>"
    bands = f"{first}<div style='height:HEIGHT;background:#00f'></div>"
    seen = look({"a.html": bands.replace("HEIGHT", "500px")}, "a.html", full_page=True)
    assert seen.picture
    assert (seen.high, seen.picture.height) == (1500, 1500)
    assert (colour(tmp_path, seen, 5, 990), colour(tmp_path, seen, 5, 1010)) == ((0, 255, 0), (0, 0, 255))
    tall = look({"a.html": bands.replace("HEIGHT", "99000px")}, "a.html", full_page=True)
    assert tall.picture
    assert (tall.high, tall.picture.height) == (100_000, 9_375)
    assert tall.notes == ("the picture ends 9375 px below the top",)


def test_the_same_page_is_the_same_picture_and_a_withheld_file_is_not_there(look: Look) -> None:
    files = {
        "a.html": "<p>plan: <span></span><script>fetch('b.txt').then(r => console.error(r.status))</script>",
        "b.txt": "x",
    }
    once, twice = look(files, "a.html", hidden=("b.txt",)), look(files, "a.html", hidden=("b.txt",))
    assert once == twice
    assert (once.requests, once.console) == (("/b.txt: status 404",), ("error: 404",))


def test_a_server_that_the_owner_named(look: Look) -> None:
    files = {"serve.py": SERVER}
    seen = look(files, "/cart?empty=1", server=PageServer(command="python3 serve.py", port=8123))
    assert (seen.problem, seen.title) == ("", "served")
    assert "You asked for /cart?empty=1" in seen.outline
    gone = look(files, "/", server=PageServer(command="echo cannot start; exit 7", port=8123))
    assert gone.problem == "the server cannot be reached: it ended with exit code 7. It said: cannot start"
    deaf = look(files, "/", server=PageServer(command="sleep 60", port=8123, start_s=1))
    assert "did not answer on port 8123 within 1 seconds" in deaf.problem


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_gets_nothing_and_costs_no_more_than_its_time(look: Look, name: str) -> None:
    page = f"<title>t</title><body><p>Words before it</p><script>{HOSTILE[name]}</script>"
    files = {"a.html": page, "folder/x": "x"}
    seen = look(files, "a.html", links={"link.html": "/etc/passwd", "folder/passwd": "../../etc/passwd"})
    said = seen.to_json()
    assert "root:" not in said
    assert seen.outline.startswith('text "Words before it"') or seen.notes or seen.problem
    assert len(said) < 60_000
    if name == "frame":
        assert (
            sum("status 404" in line or "not allowed" in line.lower() for line in (*seen.requests, *seen.console)) >= 3
        )
    if name in ("loop", "later", "download", "windows", "file", "frame", "network"):
        assert 'text "Words before it"' in seen.outline, seen
        assert seen.picture


@pytest.mark.parametrize(
    ("command", "limits", "problem"),
    [
        ("python3 -c 'x = b\"1\" * 10**9; input()'; sleep 99", {"memory_mib": 256},
         "it needed more memory than the sandbox gives"),
        (":(){ :|:& };:; sleep 99", {"processes": 64, "seconds": 10}, ""),
        ("sleep 99", {"seconds": 2}, "it took longer than 7 seconds and was ended"),
    ],
)  # fmt: skip
def test_a_hostile_server_is_ended(look: Look, command: str, limits: dict[str, int], problem: str) -> None:
    server = PageServer(command=command, port=8123, start_s=5 if "seconds" in limits else 30)
    if problem.startswith("it took"):
        server = server.but(command="python3 -c 'import socket, time; s = socket.create_server((\"127.0.0.1\", 8123)); "
                                    "time.sleep(99)'")  # fmt: skip
    seen = look({"a": "x"}, "/", server=server, limits=Limits(**limits))
    assert seen.problem
    assert problem in seen.problem
    assert seen.picture is None
