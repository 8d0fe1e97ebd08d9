"""Whose memory it is: engines by session, leases by descent, and nobody's where the driver does not say."""

import os
import subprocess
import sys
from dataclasses import replace

from factory.gpu.device import GIB, CardState, Use
from factory.gpu.lease import Lease
from factory.gpu.owner import owner
from factory.gpu.room import Seen
from factory.gpu.sight import sights

CARD = CardState(0, "RTX 3090", "GPU-0", 24 * GIB, 20 * GIB)
CHILD = "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'input()']); print(p.pid, flush=True)"


def seen(*uses: Use, sessions: dict[int, str] | None = None, leases: tuple[Lease, ...] = ()) -> Seen:
    (found,) = sights([replace(CARD, processes=uses)], sessions or {}, leases)
    return found


def test_an_engine_is_its_session_and_a_lease_its_children() -> None:
    """The engine's worker is a child of the engine; the lease's program a child of the leased shell."""
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True) as engine,
        subprocess.Popen(
            [sys.executable, "-c", f"{CHILD}; p.wait()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as job,
    ):
        assert job.stdout
        child = int(job.stdout.readline())
        lease = Lease(id="lease-1", bytes=GIB, cards=(0,), pid=job.pid, started=owner(job.pid).started)
        uses = Use(engine.pid, 10 * GIB), Use(child, 3 * GIB), Use(os.getpid(), 1 * GIB), Use(2**22 + 1, 2 * GIB)
        found = seen(*uses, sessions={engine.pid: "a"}, leases=(lease,))
        assert found == Seen(0, 20 * GIB, {"a": 10 * GIB, "lease-1": 3 * GIB}, 3 * GIB)
        unsaid = seen(Use(engine.pid, None), sessions={engine.pid: "a"})
        assert unsaid.mine is None
        for process in (engine, job):
            if process.stdin:
                process.stdin.close()


def test_nobody_is_named_where_the_driver_does_not_say() -> None:
    assert seen(Use(2**22 + 1, 10 * GIB)).mine is None, "process numbers of another world"
    assert seen().mine == {}
    (silent,) = sights([CARD], {}, ())
    assert silent.mine is None
