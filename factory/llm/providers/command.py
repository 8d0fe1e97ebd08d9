"""Asks an installed command line (`claude -p`, `codex exec`): the prompt goes in on standard input, text comes out.

No shell, an environment of PATH, HOME, the endpoint's own key and our mark, an empty folder to work in, a time limit.
"""

import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from tempfile import TemporaryDirectory

from factory.contracts.errors import BadReply, Refused
from factory.contracts.model import Endpoint, Reply, Request
from factory.ledger.process import VARIABLE, mark
from factory.llm.problems import CutOff, billed
from factory.llm.providers.plain import plain
from factory.llm.providers.stream import SLOWEST

PASSED = ("PATH", "HOME", "LANG")
LONGEST_OUTPUT = 10_000_000  # bytes


@dataclass(frozen=True)
class Command:
    """One command line. Implements contracts.model.Model. It counts no tokens: the client estimates them."""

    endpoint: Endpoint
    environment: Mapping[str, str]

    def complete(self, request: Request) -> Reply:
        name, argv = self.endpoint.name, self.endpoint.command
        if not argv:
            raise Refused(f'{name} has wire = "command" but no command: set command = ["claude", "-p"] or the like')
        limit = self.endpoint.first_token_s + max(self.endpoint.idle_s, request.max_tokens / SLOWEST)
        code, output, errors = self._run(plain(request).encode("utf-8", "replace"), limit)
        if code:
            last = " ".join(errors.decode("utf-8", "replace").split())[-300:]
            raise billed(Refused(f"{name}: {argv[0]} ended with exit code {code}: {last or 'no message'}"))
        if len(output) > LONGEST_OUTPUT:
            raise billed(BadReply(f"{name}: {argv[0]} printed more than {LONGEST_OUTPUT} bytes"))
        return Reply(text=output.decode("utf-8", "replace"), model=self.endpoint.model or argv[0])

    def _run(self, prompt: bytes, limit: float) -> tuple[int, bytes, bytes]:
        name, argv = self.endpoint.name, self.endpoint.command
        passed = (*PASSED, self.endpoint.key_env)
        environment = {key: self.environment[key] for key in passed if key in self.environment}
        environment[VARIABLE] = mark()  # so that it is found when we are killed
        with TemporaryDirectory(prefix=f"dark-factory-{mark()}-") as folder:
            try:
                process = subprocess.Popen(
                    argv,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=environment,
                    cwd=folder,
                    start_new_session=True,
                )
            except OSError as error:
                raise Refused(f"{name}: {argv[0]} cannot be started ({error.strerror}): install it") from error
            try:
                output, errors = process.communicate(prompt, timeout=limit)
            except subprocess.TimeoutExpired:
                raise CutOff(f"{name}: {argv[0]} did not answer within {limit:g} s") from None
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.communicate()
        return process.returncode, output, errors
