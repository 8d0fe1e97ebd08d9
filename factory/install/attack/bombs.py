"""What could take the machine down: processes, memory, disk, output, time. Only ever inside, each bounded twice.

The programs stop by themselves too: they ask for little more than the sandbox's limits allow.
"""

from collections.abc import Iterator

from factory.install.attack.cell import Cell
from factory.install.attack.said import said
from factory.install.attack.tried import Attack, Tried

WALLS = Attack(id="walls", tried="is what runs inside really inside? (asked before anything dangerous is run)")
FORK = Attack(id="fork-bomb", tried="test code starts processes without end")
MEMORY = Attack(id="memory-bomb", tried="test code takes memory without end")
DISK = Attack(id="disk-filler", tried="test code fills /work, /tmp, /home and /dev/shm")
FLOOD = Attack(id="output-flood", tried="test code prints without end")
HANG = Attack(id="hang", tried="test code hangs and ignores being told to stop")
ALL = (WALLS, FORK, MEMORY, DISK, FLOOD, HANG)
_REPORT = "run `factory doctor` and put right what it says of the sandbox; if it says ok, report this"
_GROUP = "start the factory as root, or on Linux 5.14 or newer: see what `factory doctor` says of the sandbox"
_DISK = """
for f in /work /tmp /home/sandbox /dev/shm; do
    head -c 72M /dev/zero | split -b 8M - $f/x && echo filled $f
done
true
"""
_HANG = "trap '' TERM INT HUP; echo begun; sleep 60"


def attacks(cell: Cell) -> Iterator[Tried]:
    inside = said(cell.probe("walls").output).get("inside") is True
    yield WALLS.judged("" if inside else "it is not: nothing dangerous was run", "a machine of its own", _REPORT)
    if not inside:
        yield from (each.broke("not tried, nothing would stop it", _REPORT) for each in ALL[1:])
        return
    yield _fork(cell)
    result = cell.probe("memory")
    yield MEMORY.judged("it got 768 MiB of 256" if "kept" in said(result.output) else "",
                        f"ended ({result.status}) at {cell.limits.memory_mib} MiB", _REPORT)  # fmt: skip
    result = cell.shell(_DISK)
    yield DISK.judged("it got more than its limit" if "filled" in result.output else "",
                      f"full inside at {cell.limits.disk_mib} MiB, not on this machine's disk ({result.status})",
                      _REPORT)  # fmt: skip
    result = cell.shell("head -c 60000000 /dev/zero | tr '\\0' x; echo; echo last")
    kept = len(result.output)
    yield FLOOD.judged("" if kept < 4 << 20 else f"{kept:,} characters were kept",
                       f"of 60 MB its beginning and end are kept ({kept:,} characters)", _REPORT)  # fmt: skip
    result = cell.shell(_HANG, limits=cell.limits.but(seconds=1))
    yield HANG.judged("" if result.status == "timeout" else f"it ended as {result.status}",
                      f"killed after {result.seconds:.1f} s with all it had started", _REPORT)  # fmt: skip


def _fork(cell: Cell) -> Tried:
    result = cell.probe("fork")
    made = int(said(result.output).get("started", 0))
    most = cell.limits.processes + 4
    if made <= most:
        return FORK.held(f"stopped at {made or 'its limit of'} processes" + (f" ({result.status})" if not made else ""))
    return FORK.weak(f"{made} processes were started where {cell.limits.processes} are allowed; time and memory end it",
                     _GROUP)  # fmt: skip
