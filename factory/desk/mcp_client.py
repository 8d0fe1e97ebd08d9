"""Talks to MCP servers through the official SDK: one thread and one event loop a server, for as long as one tool loop.

A server is a stranger. One that is started here gets an empty folder, no environment but the variables that the
settings name, and a process group of its own that is killed at the end; all waits end, all that it says is cut.
Whatever goes wrong is McpFailed, and the server is started anew with the next call, a few times.
"""

import asyncio
import json
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from factory.contracts.grant import McpSettings
from factory.contracts.record import Json
from factory.desk.mcp_tools import McpFailed, Offered

if TYPE_CHECKING:
    from mcp import ClientSession

T = TypeVar("T")
Job = Callable[["ClientSession"], Awaitable[Any]]
STARTS = 3  # of one server in one loop
GRACE = 10.0  # seconds a server has to end
PAGES = 5  # of a list of tools
TEXT = 200_000  # characters of an answer that are kept


class McpConnections:
    """Implements desk.mcp_tools.Connections."""

    def __init__(self, settings: Mapping[str, McpSettings], environment: Mapping[str, str]) -> None:
        self._settings, self._environment = settings, environment
        self._open: dict[str, _Line] = {}
        self._starts: dict[str, int] = {}

    def tools(self, server: str) -> tuple[Offered, ...]:
        """What a server offers. Raises McpFailed."""
        return self._ask(server, _all_tools, self._settings[server].start_s)

    def call(self, server: str, tool: str, arguments: Json) -> str:
        """The text of one answer. Raises McpFailed."""
        return self._ask(server, lambda session: _called(session, tool, arguments), self._settings[server].call_s)

    def close(self) -> None:
        for one in self._open.values():
            one.close()
        self._open.clear()

    def _ask(self, server: str, job: Callable[["ClientSession"], Awaitable[T]], seconds: float) -> T:
        if server not in self._open:
            if self._starts.get(server, 0) >= STARTS:
                raise McpFailed(f"the server {server} failed {STARTS} times and is not asked again")
            self._starts[server] = self._starts.get(server, 0) + 1
            self._open[server] = _Line(self._settings[server], self._environment)
        try:
            answer: T = self._open[server].ask(job, seconds)
            return answer
        except _Answered as said:
            raise McpFailed(f"the server {server} refuses: {said}") from None
        except TooLate:
            self._open.pop(server).close()
            raise McpFailed(f"the server {server} did not answer within {seconds:g} s and was stopped") from None
        except Exception as error:  # noqa: BLE001  a stranger's server and the SDK's groups of errors: all end here
            self._open.pop(server).close()
            raise McpFailed(f"the server {server} failed: {_cause(error)}") from None


class _Answered(Exception):
    """The server said no: it is alive, and the next call may go well."""


class _Line:
    """One server: its thread, its event loop, and the one task there that opens, uses and closes the session."""

    def __init__(self, settings: McpSettings, environment: Mapping[str, str]) -> None:
        logging.getLogger("mcp").setLevel(logging.CRITICAL + 1)  # a stranger's words do not belong on our terminal
        logging.getLogger("client").setLevel(logging.CRITICAL + 1)
        self._settings, self._environment = settings, environment
        self._loop = asyncio.new_event_loop()
        self._jobs: asyncio.Queue[tuple[Job, Future[Any]]] = asyncio.Queue()
        self._ended: BaseException | None = None
        self._waiting: set[Future[Any]] = set()
        self._begun = threading.Event()  # it has said hello, or never will
        self._kill: Callable[[], None] = lambda: None
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._main, daemon=True, name="mcp")
        self._thread.start()

    def ask(self, job: Job, seconds: float) -> Any:
        """`seconds` begin when it is up. Raises what the job raised, what ended the session, or TimeoutError."""
        done: Future[Any] = Future()

        def put() -> None:
            if self._ended is not None:
                done.set_exception(self._ended)
            else:
                self._waiting.add(done)
                self._jobs.put_nowait((job, done))

        try:
            self._loop.call_soon_threadsafe(put)
        except RuntimeError:
            raise ConnectionError("it has ended") from None
        self._begun.wait(self._settings.start_s + GRACE)
        return done.result(seconds)

    def close(self) -> None:
        """Waits a little for an orderly end; the process group is killed whatever the thread does."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(lambda: self._task and self._task.cancel())
        self._thread.join(GRACE)
        self._kill()

    def _main(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._session())
        finally:
            self._loop.close()

    async def _session(self) -> None:
        self._task = asyncio.ensure_future(self._served())
        try:
            await self._task
            self._ended = ConnectionError("it has ended")
        except asyncio.CancelledError:
            self._ended = ConnectionError("it was stopped")
        except BaseException as error:  # noqa: BLE001  whoever waits hears it
            self._ended = error
        self._begun.set()
        for done in self._waiting:
            if not done.done():
                done.set_exception(self._ended)

    async def _served(self) -> None:
        from mcp import ClientSession

        from factory.desk.mcp_transport import connected

        async with AsyncExitStack() as stack:
            read, write, self._kill = await stack.enter_async_context(connected(self._settings, self._environment))
            session = await stack.enter_async_context(ClientSession(read, write))
            try:
                async with asyncio.timeout(self._settings.start_s):
                    await session.initialize()
            except TimeoutError:
                raise ConnectionError(f"it said nothing within {self._settings.start_s:g} s") from None
            self._begun.set()
            while True:
                job, done = await self._jobs.get()
                try:
                    done.set_result(await job(session))
                except _Answered as said:
                    done.set_exception(said)
                self._waiting.discard(done)


async def _all_tools(session: "ClientSession") -> tuple[Offered, ...]:
    """Not the session's own list_tools: that would compile a stranger's schemas."""
    from mcp.types import ListToolsRequest, ListToolsResult, PaginatedRequestParams

    found: list[Offered] = []
    cursor: str | None = None
    for _ in range(PAGES):
        request = ListToolsRequest(params=PaginatedRequestParams(cursor=cursor) if cursor else None)
        page = await session.send_request(request, ListToolsResult)
        found += [Offered(name=tool.name, description=(tool.description or "")[:5_000], parameters=tool.input_schema)
                  for tool in page.tools]  # fmt: skip
        cursor = page.next_cursor
        if not cursor:
            break
    return tuple(found)


async def _called(session: "ClientSession", tool: str, arguments: Json) -> str:
    from mcp import MCPError
    from mcp.types import CONNECTION_CLOSED, CallToolRequest, CallToolRequestParams, CallToolResult

    request = CallToolRequest(params=CallToolRequestParams(name=tool, arguments=arguments))
    try:
        result = await session.send_request(request, CallToolResult)
    except MCPError as error:
        if error.code == CONNECTION_CLOSED:
            raise ConnectionError("it ended in the middle of the call") from None
        raise _Answered(" ".join(str(error).split())[:500]) from None
    parts = [getattr(part, "text", "") or f"[{part.type} left out]" for part in result.content]
    if result.structured_content and not any(getattr(part, "text", "") for part in result.content):
        parts.append(json.dumps(result.structured_content, ensure_ascii=False))
    text = "\n".join(parts)[:TEXT] or "(an empty answer)"
    return f"error: {text}" if result.is_error else text


def _cause(error: BaseException) -> str:
    """The first real error of nested groups, on one line."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    if isinstance(error, ModuleNotFoundError):
        return "the extra `mcp` is not installed (pip install 'dark-factory[mcp]')"
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
