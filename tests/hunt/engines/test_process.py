"""One engine as a process: within limits, in an empty environment, and with a sentence when it fails."""

import os
import sys
from pathlib import Path

import pytest

from factory.hunt.engines.process import EngineProblem, TooMuch, program, run


def python(code: str, **limits: float) -> str:
    return run([sys.executable, "-I", "-c", code], Path("/"), **limits).text  # type: ignore[arg-type]


def test_it_sees_nothing_of_our_environment() -> None:
    os.environ["FACTORY_TEST_TOKEN"] = "sekret"
    try:
        names = python("import os; print(sorted(os.environ))")
    finally:
        del os.environ["FACTORY_TEST_TOKEN"]
    assert "FACTORY_TEST_TOKEN" not in names
    assert "PATH" in names


def test_one_that_hangs_is_ended_with_its_children() -> None:
    with pytest.raises(EngineProblem, match=r"stopped after 0\.3 s"):
        python("import os, time; os.fork(); time.sleep(60)", seconds=0.3)


def test_one_that_says_too_much_is_ended_and_whole_lines_of_what_it_said_are_there() -> None:
    with pytest.raises(TooMuch, match="said too much") as told:
        python("import time; time.sleep(0.3)\nwhile True: print('x' * 999)", output=100_000)
    lines = told.value.text.split("\n")
    assert 90 <= len(lines) <= 100
    assert set(lines) == {"x" * 999}


def test_one_that_eats_memory_is_ended() -> None:
    code = "import time; time.sleep(0.3)\nx = b'x' * (2 << 30)"
    done = run([sys.executable, "-I", "-c", code], Path("/"), memory=1 << 30)
    assert (done.status, "MemoryError" in done.said) == (1, True)


def test_under_limits_of_its_own_it_stays_beneath_them() -> None:
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))\n"
        "from pathlib import Path; from factory.hunt.engines.process import run\n"
        "print(run(['/bin/sh', '-c', 'ulimit -v'], Path('/')).text)"
    )
    done = run([sys.executable, "-P", "-c", code], Path("/"))
    assert (done.status, done.text.strip()) == (0, str((2 << 30) // 1024)), done.said


def test_one_that_crashes_is_said_so() -> None:
    with pytest.raises(EngineProblem, match="signal 6"):
        python("import os; os.abort()")


def test_one_that_is_not_there_says_what_to_install() -> None:
    with pytest.raises(EngineProblem, match=r"dark-factory\[hunt\]"):
        program("no-such-engine")
    with pytest.raises(EngineProblem, match="does not start"):
        run(["/nonexistent/engine"], Path("/"))
