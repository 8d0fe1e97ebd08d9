"""Git over HTTPS with a token: the one place that says how, for branches and for the shared books.

The token travels in the environment of the git process as configuration, never on a command line or in a URL; the
private bare repository that is used has no remote configured and runs no hook.
"""

import base64
from collections.abc import Mapping
from pathlib import Path

from factory.contracts.errors import GitProblem, HubForbidden, HubProblem, HubRefused, HubUnauthorized, HubUnreachable
from factory.forge.origin import repository_url
from factory.git import run_git

GONE = "couldn't find remote ref"
_MEANT: tuple[tuple[tuple[str, ...], type[HubProblem], int], ...] = (
    (("GH006", "GH013", "protected branch", "rule violations"), HubRefused, 422),
    (("error: 403", "Permission to ", "Write access to repository not granted"), HubForbidden, 403),
    (("error: 401", "Authentication failed", "could not read Username", "invalid credentials"), HubUnauthorized, 401),
)
_MOVED = ("[rejected]", "fetch first", "non-fast-forward", "stale info", "cannot lock ref", "failed to update ref",
          "reference already exists", "incorrect old value")  # fmt: skip


class Moved(GitProblem):
    """The branch is no longer where it was expected: nothing was changed."""


class Remote:
    """A repository behind a URL, spoken to from the bare repository at `folder`."""

    def __init__(self, folder: Path, url: str, token: str) -> None:
        """Raises Refusal('not_allowed') for any address but a repository's over https (http on this machine)."""
        self.folder = folder
        self.url = repository_url(url)
        self._env = access(url, token)

    def fetch(self, ref: str, into: str, depth: int = 0) -> bool:
        """Bring `ref` to the local ref `into`; False when the remote has no such ref. Raises HubProblem."""
        deep = (f"--depth={depth}",) if depth else ()
        try:
            self.git("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc",
                     "--no-recurse-submodules", *deep, self.url, f"+{ref}:{into}")  # fmt: skip
        except GitProblem as problem:
            if GONE in str(problem):
                return False
            raise _typed(problem, self.url) from None
        return True

    def push(self, commit: str, ref: str, *options: str) -> None:
        """Raises Moved when the ref is elsewhere, else HubProblem: after HubUnreachable it may have moved all the
        same, so look."""
        try:
            self.git("push", "--quiet", "--no-verify", *options, self.url, f"{commit}:{ref}")
        except GitProblem as problem:
            raise _typed(problem, self.url) from None

    def at(self, ref: str) -> str:
        """The remote ref's commit, or ''."""
        try:
            raw = self.git("ls-remote", "--quiet", self.url, ref)
        except GitProblem as problem:
            raise _typed(problem, self.url) from None
        rows = [line.split("\t") for line in raw.decode().splitlines()]
        return next((sha for sha, name in rows if name == ref), "")

    def git(self, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> bytes:
        return run_git(self.folder, *arguments, stdin=stdin, env={**self._env, **(env or {})})


def access(url: str, token: str) -> dict[str, str]:
    """Environment for git: who asks, which protocol, and when a silent line counts as dead."""
    scheme = url.partition("://")[0]
    values = {"http.lowSpeedLimit": "1", "http.lowSpeedTime": "60", "http.followRedirects": "false"}
    if scheme in ("http", "https"):
        values[f"protocol.{scheme}.allow"] = "always"
    if token:
        basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        values[f"http.{url}.extraHeader"] = f"Authorization: Basic {basic}"
    pairs = {f"GIT_CONFIG_{part}_{n}": text for n, pair in enumerate(values.items())
             for part, text in zip(("KEY", "VALUE"), pair, strict=True)}  # fmt: skip
    only = {"GIT_ALLOW_PROTOCOL": scheme} if scheme in ("http", "https") else {}  # whatever else is configured
    return {"GIT_CONFIG_COUNT": str(len(values)), **pairs, **only}


def _typed(problem: GitProblem, url: str) -> HubProblem | Moved:
    words = str(problem)
    for signs, kind, status in _MEANT:
        if any(sign.lower() in words.lower() for sign in signs):
            return kind(f"{url} refuses: {words}{_hint(words) if kind is HubForbidden else ''}", status)
    if any(sign in words for sign in _MOVED):
        return Moved(words)
    if "[remote rejected]" in words:
        return HubRefused(f"{url} does not take the push: {words}", 422)
    return HubUnreachable(f"{url} does not answer git: {words}")


def _hint(words: str) -> str:
    need = "write" if words.startswith("git push") else "read"
    return f"\nCheck `permissions:` of the job: give the job's token contents={need}."
