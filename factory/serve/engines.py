"""Where an endpoint's server is: at its URL, or at a process or a rented machine that must be up first."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from factory.contracts.model import Endpoint
from factory.serve.ask import Ask
from factory.serve.upstream import Failed


class Engines(Protocol):
    """What keeps servers up. Implemented by External and by Kept."""

    def seat(self, endpoint: Endpoint, ask: Ask) -> AbstractAsyncContextManager[Endpoint]:
        """The endpoint as it can be reached now, for as long as the context lasts. Raises Failed."""
        ...

    def broken(self, endpoint: Endpoint, problem: Failed) -> None:
        """An exchange with it failed: look after it."""
        ...


class External:
    """Servers that somebody else keeps up: nothing to do."""

    @asynccontextmanager
    async def seat(self, endpoint: Endpoint, ask: Ask) -> AsyncIterator[Endpoint]:
        yield endpoint

    def broken(self, endpoint: Endpoint, problem: Failed) -> None:
        """Nothing: the breaker leaves it alone for a while."""
