"""One engine as a process: start, health, sleep, end; with the fake engine as a real process."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from time import sleep

import pytest

from factory.app import SystemClock
from factory.contracts.errors import Stopped
from factory.gpu.engines import keeper, process
from factory.gpu.engines.leftovers import members, reap
from factory.gpu.engines.registry import launch
from tests.gpu.engines.bench import PATIENCE, engine, fake_model, free_port, ready, until


def asked(made: process.Process, text: str, most: int = 8) -> bytes:
    body = {"model": "tiny", "max_tokens": most, "messages": [{"role": "user", "content": text}]}
    return made.server.post("/v1/chat/completions", body, PATIENCE).body


def test_a_start_and_what_its_log_said(tmp_path: Path) -> None:
    with engine(tmp_path, "--fake-kv-tokens", "123456", "--fake-version", "0.24.1") as made:
        assert (made.state, made.pid, made.returncode) == ("stopped", None, None)
        made.start()
        begun = made.wait_ready(PATIENCE)
        assert begun.boot
        assert (begun.boot.pool_tokens, begun.version, made.version) == (123456, "0.24.1", "0.24.1")
        assert (made.state, made.healthy().state) == ("ready", "ok")
        assert b"one two one two" in asked(made, "one two")
        assert made.memory_bytes() > 5_000_000
        assert made.metrics()["output_tokens"] == 8
        made.stop()
        assert (made.state, made.healthy().state) == ("stopped", "dead")
        assert made.log.stat().st_mode & 0o077 == 0
        made.start()  # again
        assert made.wait_ready(PATIENCE).boot


@pytest.mark.parametrize(
    ("how", "words", "code"),
    [
        ("oom", "memory does not suffice.*CUDA out of memory", 1),
        ("pool", "memory does not suffice.*No available memory for the cache", 1),
        ("arguments", "does not know an argument.*--no-such-flag", 2),
        ("missing", "a file is missing.*config.json", 1),
        ("silent", "exit code 1; its log ends with", 1),
        ("killed", "it was killed", -9),
    ],
)
def test_a_start_that_fails_says_why(tmp_path: Path, how: str, words: str, code: int) -> None:
    with engine(tmp_path, "--fake-crash", how) as made:
        made.start()
        with pytest.raises(Stopped, match=words) as stopped:
            made.wait_ready(PATIENCE)
        assert stopped.value.reason == "model_unusable"
        assert (made.state, made.returncode) == ("failed", code)
        assert str(made.log) in str(stopped.value)


def test_a_start_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with engine(tmp_path, "--fake-start-s", "60") as made:
        made.start()
        with pytest.raises(Stopped, match=r"did not start within 0\.1 s"):
            made.wait_ready(0.1)
        assert made.state == "failed"
        assert not members(made.pid or 0)


def test_no_program_and_no_port(tmp_path: Path) -> None:
    with engine(tmp_path, program=("/no/such/vllm",)) as made:
        with pytest.raises(Stopped, match=r"cannot be started \(No such file or directory: /no/such/vllm\)"):
            made.start()
        assert made.state == "failed"
    with ready(tmp_path) as first:
        second = process.Process(first.launch, tmp_path / "2", first._clock)
        with pytest.raises(Stopped, match=r"its port \d+ is in use"):
            second.start()
        assert first.healthy().state == "ok"


def test_a_folder_that_takes_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with engine(tmp_path / "file") as made, pytest.raises(Stopped, match="Cannot write") as stopped:
        made.start()
    assert (stopped.value.reason, made.state) == ("state_unusable", "stopped")


def test_sleep_and_wake(tmp_path: Path) -> None:
    with ready(tmp_path) as made:
        for level in (1, 2):
            assert made.sleep(level) >= 0
            assert made.state == "asleep"
            assert made.healthy().state == "ok"
            with pytest.raises(Stopped, match="cannot sleep: it is asleep"):
                made.sleep(1)
            assert made.wake() >= 0
            assert made.state == "ready"
        with pytest.raises(Stopped, match="cannot wake: it is ready"):
            made.wake()
        asked(made, "still there")


def test_what_is_asked_of_a_sleeper_is_answered_when_it_wakes(tmp_path: Path) -> None:
    with ready(tmp_path) as made:
        made.sleep(1)
        answers: list[bytes] = []
        client = threading.Thread(target=lambda: answers.append(asked(made, "wake up")))
        client.start()
        until(lambda: made.metrics()["waiting"] == 1, "the request never arrived")
        assert not answers
        made.wake()
        client.join(PATIENCE)
        assert b"wake up" in answers[0]


def test_sleep_and_wake_that_fail(tmp_path: Path) -> None:
    with ready(tmp_path, "--fake-sleep-fails", "1", "--fake-wake-fails", "1") as made:
        with pytest.raises(Stopped, match="did not go to sleep: HTTP 500"):
            made.sleep(1)
        assert made.state == "ready"
        made.sleep(1)
        with pytest.raises(Stopped, match=r"did not wake: HTTP 500: .*out of memory"):
            made.wake()
        assert made.state == "asleep"
    with ready(tmp_path, sleep="off") as made, pytest.raises(Stopped, match="cannot sleep: stop it instead"):
        made.sleep(1)


def test_a_death_in_the_middle_of_an_answer_is_noticed_and_a_restart_works(tmp_path: Path) -> None:
    with ready(tmp_path, "--fake-crash-after", "1") as made:
        asked(made, "first")
        with pytest.raises(process.WireProblem, match="no connection"):
            asked(made, "second")
        until(lambda: made.state == "failed", "the death was not noticed")
        assert made.returncode == -signal.SIGKILL
        health = made.healthy()
        assert (health.state, "it was killed" in health.said) == ("dead", True)
        made.start()
        made.wait_ready(PATIENCE)
        assert b"third" in asked(made, "third")


def test_health_that_hangs_and_health_that_says_no(tmp_path: Path) -> None:
    with ready(tmp_path, "--fake-hang-after", "1") as made:
        asked(made, "one")
        assert made.healthy(0.2).state == "slow"
        assert made.state == "ready"
    with ready(tmp_path, "--fake-dead-after", "1") as made:
        asked(made, "one")
        assert (made.healthy().state, made.healthy().said) == ("dead", "HTTP 503")


@pytest.mark.parametrize("stubborn", [False, True])
def test_no_child_of_an_engine_stays(tmp_path: Path, stubborn: bool) -> None:
    with ready(tmp_path, "--fake-children", "3", *(["--fake-stubborn"] if stubborn else [])) as made:
        session = made.pid or 0
        assert len(members(session)) == 4
        made.stop(0.2)
        assert not members(session)
        assert made.returncode == (-signal.SIGKILL if stubborn else 0)


def test_children_go_with_an_engine_that_dies(tmp_path: Path) -> None:
    with ready(tmp_path, "--fake-children", "3") as made:
        os.kill(made.pid or 0, signal.SIGKILL)
        until(lambda: made.state == "failed", "the death was not noticed")
        assert not members(made.pid or 0)


FACTORY = """
import sys, time
from pathlib import Path
from tests.gpu.engines.bench import *
made = Process(launch("tiny", fake_model(*sys.argv[2:]), free_port(), (0,)), Path(sys.argv[1]), SystemClock())
made.start(); made.wait_ready(PATIENCE)
print(made.pid, made._keeper.pid, flush=True)
time.sleep(600)
"""


def a_factory(folder: Path, *args: str) -> tuple["subprocess.Popen[str]", int, int]:
    """Another process that runs an engine; its pid, the engine's and the keeper's."""
    line = (sys.executable, "-c", FACTORY, str(folder), *args)
    other = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3])
    assert other.stdout
    pid, kept = map(int, other.stdout.readline().split())
    return other, pid, kept


def test_a_killed_factory_leaves_no_engine(tmp_path: Path) -> None:
    other, session, _ = a_factory(tmp_path, "--fake-children", "2")
    with other:
        assert len(members(session)) == 3
        other.kill()
    until(lambda: not members(session), "the engine outlived its factory")


def test_what_outlives_factory_and_keeper_is_ended_at_the_next_start(tmp_path: Path) -> None:
    other, session, kept = a_factory(tmp_path, "--fake-children", "2")
    with other:
        assert reap(tmp_path) == ()  # its factory lives
        other.send_signal(signal.SIGSTOP)  # so that it cannot tidy up
        os.kill(kept, signal.SIGKILL)
        other.kill()
    until(lambda: len(members(session)) == 2, "the engine did not end with its keeper")
    assert len(reap(tmp_path)) == 2
    until(lambda: not members(session), "the children stay")
    assert not list(tmp_path.glob("*.engine"))
    assert reap(tmp_path) == ()


def test_a_killed_keeper_is_a_death_of_the_engine(tmp_path: Path) -> None:
    with ready(tmp_path, "--fake-children", "2") as made:
        assert made._keeper
        os.kill(made._keeper.pid, signal.SIGKILL)
        until(lambda: made.state == "failed", "the keeper's death was not noticed")
        until(lambda: not members(made.pid or 0), "the engine outlived its keeper")
        made.start()
        made.wait_ready(PATIENCE)


def test_the_log_has_a_bound(tmp_path: Path) -> None:
    """With the keeper alone, whose bound can be given."""
    log, lines = tmp_path / "log", "for n in range(9000): print(n, 'x' * 100)"
    line = (sys.executable, "-I", "-S", keeper.__file__, str(log), "100000", "1", "--", sys.executable, "-c", lines)
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as kept:
        assert kept.stdout
        assert kept.stdout.read().splitlines()[1] == "exit 0"
    assert log.stat().st_size <= 100_000
    assert Path(f"{log}.1").stat().st_size <= 100_000
    assert log.read_text().splitlines()[-1].startswith("8999 ")


def test_the_environment_holds_no_secret_of_ours(tmp_path: Path) -> None:
    ours = {**os.environ, "ANTHROPIC_API_KEY": "sk-ours", "HF_TOKEN": "hf-ours", "HF_HOME": "/hf", "OTHER": "x"}
    shows = (sys.executable, "-c", "import os; print(dict(os.environ))")
    told = launch("tiny", fake_model(env={"HF_TOKEN": "hf-owner"}, program=shows), free_port(), (0,))
    made = process.Process(told, tmp_path, SystemClock(), ours)
    made.start()
    with pytest.raises(Stopped, match="exit code 0") as stopped:
        made.wait_ready(PATIENCE)
    seen = made.log.read_text()
    assert "'HF_HOME': '/hf'" in seen
    assert "hf-owner" in seen
    assert "hf-owner" not in str(stopped.value)
    for absent in ("sk-ours", "hf-ours", "OTHER"):
        assert absent not in seen


def test_stopping_while_it_starts(tmp_path: Path) -> None:
    with engine(tmp_path, "--fake-start-s", "60") as made:
        made.start()
        threading.Thread(target=lambda: (sleep(0.2), made.stop(0))).start()
        with pytest.raises(Stopped, match="did not start"):
            made.wait_ready(PATIENCE)
        assert made.state == "stopped"
