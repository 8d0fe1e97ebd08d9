"""`factory gpu profile | status | lease` as a person calls them, with a fleet behind a port and without one."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from factory.contracts.engines import ProfileSettings
from factory.gpu.double import make
from factory.gpu.fleet import Fleet
from factory.gpu.lease import Leases
from factory.gpu.orders import answer
from tests.gpu.boxes import model, shelf, until
from tests.line.targets import FACTORY, factory

SHOW = (
    "import os; print(os.environ['CUDA_VISIBLE_DEVICES'], os.environ['CUDA_DEVICE_ORDER'], os.environ['FACTORY_LEASE'])"
)
PROFILES = {"one": ProfileSettings(up=("a",)), "two": ProfileSettings(up=("b",)), "bad": ProfileSettings(up=("c",))}


@contextmanager
def served(fleet: Fleet, folder: Path, key: str = "") -> Iterator[Path]:
    """The fleet behind a port; gives a settings file that names it."""

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status, said = 401, {"error": {"message": "no such key"}}
            if not key or self.headers.get("authorization") == f"Bearer {key}":
                status, said = answer(fleet, self.command, self.path, body)
            raw = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = respond

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    path = folder / "box.toml"
    path.write_text(f"[serve]\nport = {server.server_address[1]}\n")
    try:
        yield path
    finally:
        server.shutdown()
        server.server_close()


def test_profile_and_status_of_a_running_fleet(tmp_path: Path) -> None:
    models = {"a": model(tmp_path), "b": model(tmp_path), "c": model(tmp_path, 16, "--fake-crash", "missing")}
    with shelf(tmp_path, models, "one", profiles=PROFILES) as box, served(box.fleet, tmp_path, "secret") as config:
        ask = ("--config", config)
        done = factory(tmp_path / "state", "gpu", "profile", "two", *ask, FACTORY_KEY="secret")
        assert done.returncode == 0, done.stderr
        assert "two is on after" in done.stdout
        assert [line.split()[:2] for line in done.stdout.splitlines()[1:3]] == [["kill", "a"], ["load", "b"]]
        back = factory(tmp_path / "state", "gpu", "profile", "bad", *ask, "--json", FACTORY_KEY="secret")
        assert back.returncode == 1
        assert (json.loads(back.stdout)["done"], json.loads(back.stdout)["before"]) == (False, "two")
        shown = json.loads(factory(tmp_path / "state", "gpu", "status", *ask, "--json", FACTORY_KEY="secret").stdout)
        assert shown["profile"] == "two"
        assert {view["name"]: view["state"] for view in shown["models"]} == {"a": "cold", "b": "ready", "c": "cold"}
        plain = factory(tmp_path / "state", "gpu", "status", *ask, FACTORY_KEY="secret")
        assert "a stand-in for cards" in plain.stdout.splitlines()[0]
        assert "b 16.0, others 0.3, free 7.7" in plain.stdout
        wrong = factory(tmp_path / "state", "gpu", "profile", "nine", *ask, FACTORY_KEY="secret")
        assert (wrong.returncode, "There is no profile 'nine'" in wrong.stderr) == (2, True)
        locked = factory(tmp_path / "state", "gpu", "status", *ask)
        assert (locked.returncode, "FACTORY_KEY" in locked.stderr) == (2, True)


def test_a_lease_of_a_running_fleet_ends_with_the_command_even_killed(tmp_path: Path) -> None:
    with shelf(tmp_path, {"a": model(tmp_path)}) as box, served(box.fleet, tmp_path) as config:
        box.use("a", "1")
        command = [*FACTORY, "gpu", "lease", "--gib", "16", "--config", str(config), "--", "sleep", "300"]
        with subprocess.Popen(command) as job:
            until(lambda: box.fleet.status().leases and not box.fleet.status().leases[0].waiting)
            assert box.fleet.status().leases[0].job == "sleep 300"
            assert [view.state for view in box.fleet.status().models] == ["asleep"]
            job.send_signal(signal.SIGKILL)
        until(lambda: not box.fleet.status().leases)
        assert box.use("a", "2")
        large = factory(tmp_path / "x", "gpu", "lease", "--gib", "30", "--config", config, "--", "true")
        assert (large.returncode, "it takes 30.0" in large.stderr) == (2, True)


def test_a_lease_without_a_server(tmp_path: Path) -> None:
    """The command gets the card and its exit code comes back; while it runs its memory is spoken for."""
    make(tmp_path / "cards.json", cards=1)
    state, cards = tmp_path / "state", str(tmp_path / "cards.json")
    (tmp_path / "factory.toml").write_text("[serve]\nport = 1\n")
    script = (sys.executable, "-c", f"{SHOW}; raise SystemExit(7)")
    done = factory(state, "gpu", "lease", "--gib", "16", "--", *script, FACTORY_DEVICE=cards)
    assert done.returncode == 7
    card, order, lease = done.stdout.split()
    assert (card, order) == ("0", "PCI_BUS_ID")
    assert lease in done.stderr
    nested = [*FACTORY, "gpu", "lease", "--gib", "16", "--", "true"]
    both = factory(state, "gpu", "lease", "--gib", "16", "--", *nested, FACTORY_DEVICE=cards)
    assert both.returncode == 2
    assert "16.3 are others'" in both.stderr
    assert Leases(state).all() == ()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lease", "--gib", "4", "--", "no-such-program"), "There is no program 'no-such-program'"),
        (("lease", "--gib", "0", "--", "true"), "not between"),
        (("profile", "dev"), "start `factory serve --profile dev`"),
        (("profile", "nine"), "There is no profile 'nine'"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    make(tmp_path / "cards.json")
    (tmp_path / "factory.toml").write_text("[serve]\nport = 1\n")
    done = factory(tmp_path / "state", "gpu", *words, FACTORY_DEVICE=str(tmp_path / "cards.json"))
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_status_without_a_server(tmp_path: Path) -> None:
    make(tmp_path / "cards.json", cards=2, lanes=4)
    (tmp_path / "factory.toml").write_text("[serve]\nport = 1\n[cards.1]\nwatts = 250\n")
    done = factory(tmp_path / "state", "gpu", "status", FACTORY_DEVICE=str(tmp_path / "cards.json"))
    assert done.returncode == 0, done.stderr
    assert "no server manages them" in done.stdout
    assert "card 0 runs on 4 PCIe lanes" in done.stdout
    assert "over its cap of 250 W" in done.stdout


def test_a_machine_without_a_card_is_no_limit_that_was_hit(tmp_path: Path) -> None:
    done = factory(tmp_path / "state", "gpu", "status", FACTORY_DEVICE=str(tmp_path / "gone.json"))
    assert (done.returncode, "The cards cannot be read" in done.stderr) == (2, True)
    assert len(done.stderr.splitlines()) == 1
