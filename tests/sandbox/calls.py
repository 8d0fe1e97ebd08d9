"""System calls tried inside, and what came of them."""

import json
import os

import pytest

from factory.contracts.sandbox import JobResult
from tests.sandbox.conftest import Python

CALL = """
import ctypes, errno, json
libc = ctypes.CDLL(None, use_errno=True)
said = {}
def call(name, number, *arguments):
    value = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) for a in arguments])
    said[name] = "ok" if value >= 0 else errno.errorcode[ctypes.get_errno()]
"""
only_x86_64 = pytest.mark.skipif(os.uname().machine != "x86_64", reason="system call numbers of x86_64")


def said(result: JobResult) -> dict[str, str]:
    assert result.status == "exited", result
    return dict(json.loads(result.output))


def attempts(python: Python, *statements: str, prelude: str = "") -> dict[str, str]:
    """Each statement's error name, "ok" when it worked."""
    program = f"""
import errno, json, os, socket, fcntl
said = {{}}
{prelude}
for text in {list(statements)!r}:
    try:
        exec(text)
        said[text] = "ok"
    except socket.gaierror as error:
        said[text] = "EAI_AGAIN" if error.errno == socket.EAI_AGAIN else f"EAI {{error.errno}}"
    except OSError as error:
        said[text] = errno.errorcode[error.errno] if error.errno else str(error)
print(json.dumps(said))
"""
    return said(python(program))
