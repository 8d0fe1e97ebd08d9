"""The SBX rows of tests/data/security_cases.json that try to get out, each named by its test."""

import contextlib
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from factory.contracts.sandbox import Job
from factory.sandbox.bubblewrap import Bubblewrap
from tests.sandbox.calls import CALL, attempts, only_x86_64, said
from tests.sandbox.conftest import SMALL, Python, is_root


def test_sbx_01_the_password_file_is_not_readable(shell: Python, sandbox: Bubblewrap) -> None:
    result = shell("cat /etc/shadow /proc/1/root/etc/shadow; cat /etc/passwd")
    assert "No such file" in result.output
    assert "$" not in result.output
    assert "sandbox:x:1000" in result.output


def test_sbx_01_as_root_the_job_runs_under_a_uid_of_nobodys(sandbox: Bubblewrap, tree: str) -> None:
    if not is_root(sandbox):
        pytest.skip("the caller's own uid is all there is")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(sandbox.run, Job(tree=tree, command=("sleep", "1.357"), limits=SMALL))
        owners: set[int] = set()
        while not running.done() and not owners:
            owners = {uid for uid, words in _processes() if b"1.357" in words}
    assert owners
    assert all(60578 <= uid < 61184 for uid in owners)


def _processes() -> Iterator[tuple[int, bytes]]:
    """(owner, command line) of this machine's processes."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield path.parent.stat().st_uid, path.read_bytes()


@only_x86_64
def test_sbx_02_no_namespaces_and_no_mounts(python: Python, shell: Python) -> None:
    calls = """
call("unshare", 272, 0x10000000)
call("clone", 56, 0x10000000 | 17, 0, 0, 0, 0)
call("clone with files", 56, 0x00020000 | 17, 0, 0, 0, 0)
call("clone3", 435, 0, 0)
call("setns", 308, 0, 0)
call("mount", 165, 0, 0, 0, 0, 0)
call("umount2", 166, 0, 0)
call("pivot_root", 155, 0, 0)
call("chroot", 161, 0)
call("open_tree", 428, 0, 0, 0)
call("open_by_handle_at", 304, 0, 0, 0)
print(json.dumps(said))
"""
    found = said(python(CALL + calls))
    assert found.pop("clone3") == "ENOSYS"
    assert set(found.values()) == {"EPERM"}
    assert shell("unshare -U true").exit_code != 0


def test_sbx_04_too_much_memory_ends_as_oom(python: Python) -> None:
    limits = SMALL.but(memory_mib=256)
    program = "x = []\nfor n in range(400): x.append(b'x' * (1 << 20))\nprint('survived')"
    result = python(program, limits)
    assert (result.status, result.exit_code) == ("oom", 137)
    assert "survived" not in result.output
    assert result.seconds < 15
    assert python("print('still here')").output == "still here\n"


def test_sbx_04_memory_of_many_processes_is_counted_together(shell: Python) -> None:
    script = "for n in 1 2 3 4 5 6; do python -c \"x = b'x' * (80 << 20); import time; time.sleep(20)\" & done; wait"
    assert shell(script, SMALL.but(memory_mib=256)).status == "oom"


def test_sbx_07_one_huge_file(python: Python) -> None:
    result = python(
        "f = open('/tmp/big', 'wb')\ntry:\n  for n in range(200): f.write(bytes(1 << 20)); f.flush()\n"
        "except OSError as e: print(e.strerror)",
        SMALL.but(file_mib=16),
    )
    assert result.output == "File too large\n"


@pytest.mark.parametrize("folder", ["/tmp", "/work", "/dev/shm", "/home/sandbox", "/out"])
def test_sbx_07_a_full_disk_is_full_inside_only(shell: Python, state: Path, folder: str) -> None:
    limits = SMALL.but(disk_mib=32)
    result = shell(f"for n in 1 2 3 4 5; do head -c 10M /dev/zero > {folder}/$n || exit 9; done", limits)
    assert (result.status, result.exit_code) == ("enospc", 9)
    assert "No space left" in result.output
    assert sum(path.stat().st_size for path in state.rglob("*")) < 1 << 20  # nothing of it on the host's disk


def test_sbx_07_a_million_small_files(python: Python, sandbox: Bubblewrap) -> None:
    if not is_root(sandbox):
        pytest.skip("only a launcher started as root can bound the number of files")
    result = python("for n in range(10**6): open(f'/tmp/{n}', 'w').close()", SMALL.but(inodes=2000))
    assert result.status == "enospc"
    assert "No space left" in result.output


def test_sbx_07_a_tree_that_does_not_fit(shell: Python, sandbox: Bubblewrap) -> None:
    result = shell("true", SMALL.but(disk_mib=1), overlay={"big": bytes(2 << 20)})
    assert (result.status, result.exit_code) == ("enospc", 1)
    assert "disk_mib" in result.output


def test_sbx_08_a_flood_of_output(shell: Python) -> None:
    script = "echo first; head -c 200000000 /dev/zero | tr '\\0' x; echo; echo last"
    result = shell(script)
    assert (result.status, result.exit_code, result.truncated) == ("exited", 0, True)
    assert result.output.startswith("first\n")
    assert result.output.endswith("\nlast\n")
    assert len(result.output) < 2 << 20
    assert "bytes left out" in result.output


def test_sbx_08_escapes_and_bad_bytes_are_removed(python: Python) -> None:
    raw = b"a\xffb\x1b[31mred\x1b[0m\x1b]52;c;ZXZpbA==\x07\x1b]0;title\x1b\\\r\nc\x00\x08\xc2\x9b1m\xc3\xa9\n"
    result = python(f"import sys; sys.stdout.buffer.write({raw!r})")
    assert result.output == "a\ufffdbred\nc1mé\n"


def test_sbx_09_no_typing_into_a_terminal(python: Python) -> None:
    found = attempts(
        python,
        "fcntl.ioctl(0, 0x5412, b'x')",
        "fcntl.ioctl(0, 0x541C, b'x')",
        "fcntl.ioctl(os.openpty()[0], 0x5412, b'x')",
        "os.open('/dev/tty', os.O_RDWR)",
    )
    assert list(found.values()) == ["EPERM", "EPERM", "EPERM", "ENXIO"]
    result = python("import os; print(os.readlink('/proc/self/fd/0'), os.getsid(0) == os.getpid())")
    assert result.output == "/dev/null True\n"


@only_x86_64
def test_sbx_10_dangerous_system_calls(python: Python) -> None:
    numbers = {
        "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "bpf": 321, "perf_event_open": 298,
        "io_uring_setup": 425, "io_uring_enter": 426, "userfaultfd": 323, "add_key": 248, "request_key": 249,
        "keyctl": 250, "kexec_load": 246, "kexec_file_load": 320, "init_module": 175, "pidfd_getfd": 438,
    }  # fmt: skip
    calls = "\n".join(f"call({name!r}, {number}, 0, 0, 0, 0, 0)" for name, number in numbers.items())
    found = said(python(f"{CALL}\n{calls}\nprint(json.dumps(said))"))
    assert found == dict.fromkeys(numbers, "EPERM")
    families = {"AF_ALG": 38, "AF_VSOCK": 40, "AF_NETLINK": 16, "AF_PACKET": 17}
    found = attempts(python, *(f"socket.socket({number}, 3)" for number in families.values()))
    assert set(found.values()) == {"EAFNOSUPPORT"}
    assert python("import socket; [socket.socket(f) for f in (1, 2, 10)]; print('ok')").output == "ok\n"


@only_x86_64
def test_sbx_10_a_foreign_calling_convention_is_killed(python: Python) -> None:
    result = python(CALL + "call('x32 getpid', 0x40000000 + 39)\nprint('alive')")
    assert result.exit_code == 128 + 31
    assert "alive" not in result.output


def test_sbx_11_the_system_is_read_only(python: Python) -> None:
    found = attempts(
        python,
        *(f"open({path!r}, 'w')" for path in (
            "/usr/x", "/etc/x", "/etc/passwd", "/x", "/dev/x", "/proc/sys/kernel/hostname", "/proc/sysrq-trigger",
            "/sys/fs/cgroup/x", "/run/x", "/factory/bin/x", "/root/x", "/bin/x",
        )),
        "os.mknod('/tmp/mem', 0o20666, os.makedev(1, 1))",
        "os.mknod('/work/sda', 0o60666, os.makedev(8, 0))",
    )  # fmt: skip
    assert set(found.values()) <= {"EROFS", "EPERM", "EACCES", "ENOENT"}, found
    result = python("import os; print(os.listdir('/'))")
    assert not {"sys", "run", "var", "boot", "mnt", "media", "srv"} & set(json.loads(result.output.replace("'", '"')))


def test_sbx_12_no_devices_but_the_harmless_ones(shell: Python) -> None:
    result = shell("ls /dev | sort | tr '\\n' ' '; ls /dev/kvm /dev/mem /dev/nvidia0 /dev/dri /dev/vda 2>&1 | wc -l")
    devices, missing = result.output.rsplit(" ", 1)
    assert devices.split() == ["core", "fd", "full", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin",
                               "stdout", "tty", "urandom", "zero"]  # fmt: skip
    assert missing.strip() == "5"


def test_sbx_17_two_sandboxes_do_not_see_each_other(sandbox: Bubblewrap, tree: str) -> None:
    program = """
import os, socket, time
open("/tmp/mine", "x").close()
server = socket.socket(); server.bind(("127.0.0.1", 5555))
hidden = socket.socket(socket.AF_UNIX); hidden.bind("\\0abstract")
time.sleep(1)
others = [int(name) for name in os.listdir("/proc") if name.isdigit()]
print(sorted(others) == sorted({1, os.getpid()}))
"""
    job = Job(tree=tree, command=("python", "-c", program), limits=SMALL)
    with ThreadPoolExecutor(2) as pool:
        assert [result.output for result in pool.map(sandbox.run, [job, job])] == ["True\n", "True\n"]


def test_a_hanging_command_is_ended_in_time(shell: Python) -> None:
    result = shell("trap '' TERM INT; echo begun; sleep 100", SMALL.but(seconds=1))
    assert (result.status, result.exit_code, result.output) == ("timeout", 124, "begun\n")
    assert result.seconds < 4


def test_a_fork_bomb_stays_inside(shell: Python, sandbox: Bubblewrap) -> None:
    if os.geteuid() == 0 and sandbox.describe() == "bubblewrap (user)":
        pytest.skip("the kernel's process limit does not bind root: who is root gets the cgroup of the other launcher")
    result = shell("f() { f | f & }; f; sleep 1; wait", SMALL.but(seconds=2, processes=32))
    assert result.status in ("exited", "timeout")
    assert result.seconds < 8
    assert shell("echo fine").output == "fine\n"
    assert len([pid for pid in os.listdir("/proc") if pid.isdigit()]) < 2000
