"""Branches on GitHub, by real git over HTTPS: moved by compare-and-swap, never over a person's work."""

import re

from factory.contracts.errors import GitProblem, HubUnauthorized, HubUnreachable, Stopped
from factory.contracts.seams import Clock
from factory.forge.origin import repository_url
from factory.forge.remote import Moved, Remote
from factory.forge.tokens import Tokens
from factory.git import Store

_OURS = re.compile(r"factory/[A-Za-z0-9][A-Za-z0-9-]{0,200}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,200}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
TRIES = 4


class GitHubBranches:
    """Implements BranchForge. `others`: branches beside `factory/…` that may be moved (a pull request that asks for a
    revision); never give it the default branch."""

    def __init__(self, store: Store, url: str, tokens: Tokens, clock: Clock, others: tuple[str, ...] = ()) -> None:
        self._store = store
        self._url = repository_url(url)
        self._tokens = tokens
        self._clock = clock
        self._others = others

    def branch(self, name: str) -> str:
        ref = self._ref(name)
        for attempt in range(TRIES):
            try:
                return self._remote().at(ref)
            except (HubUnreachable, HubUnauthorized) as problem:
                self._recover(problem, attempt)
        raise AssertionError("unreachable")

    def push(self, name: str, commit: str, expected: str) -> None:
        """Raises Stopped('branch_moved') when somebody else moved the branch, HubRefused when a rule forbids it,
        HubUnreachable when GitHub cannot be reached."""
        ref = self._ref(name)
        if not _COMMIT.fullmatch(commit) or (expected and not _COMMIT.fullmatch(expected)):
            raise GitProblem(f"{commit!r} or {expected!r} is not the id of a commit.")
        for attempt in range(TRIES):
            try:
                return self._remote().push(commit, ref, f"--force-with-lease={ref}:{expected}")
            except (HubUnreachable, HubUnauthorized) as problem:
                self._recover(problem, attempt)
            except Moved:
                return self._moved(name, commit)
            there = self.branch(name)  # the answer was lost: did the push go through?
            if there == commit:
                return None
            if there != expected:
                return self._moved(name, commit)
        raise AssertionError("unreachable")

    def _moved(self, name: str, commit: str) -> None:
        there = self.branch(name)
        if there != commit:
            raise Stopped(
                "branch_moved",
                f"Somebody else moved {name} to {there[:12] or 'nothing'}: their work stays. Merge or rename that "
                "branch, then start again.",
            )

    def _recover(self, problem: HubUnreachable | HubUnauthorized, attempt: int) -> None:
        """Before the next attempt; raises the problem when there is none."""
        if attempt == TRIES - 1 or (isinstance(problem, HubUnauthorized) and (attempt or not self._tokens.renew())):
            raise problem
        if isinstance(problem, HubUnreachable):
            self._clock.sleep(2.0**attempt)

    def _remote(self) -> Remote:
        return Remote(self._store.folder, self._url, self._tokens.token())

    def _ref(self, name: str) -> str:
        """The full ref. Raises GitProblem for a branch that is not ours to move."""
        odd = ".." in name or "//" in name or name.endswith((".", "/", ".lock"))
        if odd or not _NAME.fullmatch(name) or not (_OURS.fullmatch(name) or name in self._others):
            raise GitProblem(f"{name!r} is not a branch of the factory's.")
        return f"refs/heads/{name}"
