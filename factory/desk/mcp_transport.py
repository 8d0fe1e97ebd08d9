"""The ways to an MCP server: a process with nothing of ours around it, or HTTP; both with a cap."""

import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from factory.contracts.grant import McpSettings
from factory.ledger.process import VARIABLE, mark

if TYPE_CHECKING:
    from anyio.abc import ByteReceiveStream, ByteSendStream
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

LONGEST = 1_000_000  # bytes of one message
END_S = 1.0  # seconds between the end of its input and the end of a server
Streams = tuple[Any, Any, Callable[[], None]]  # what the SDK reads and writes; ends the server at once


def connected(settings: McpSettings, environment: Mapping[str, str]) -> AbstractAsyncContextManager[Streams]:
    """The SDK's two streams to a server, for as long as the context."""
    return _over_http(settings, environment) if settings.url else _started(settings, environment)


@asynccontextmanager
async def _started(settings: McpSettings, environment: Mapping[str, str]) -> AsyncIterator[Streams]:
    import anyio

    own = {name: environment[name] for name in settings.env if name in environment}
    program = shutil.which(settings.command[0], path=environment.get("PATH")) or settings.command[0]
    with TemporaryDirectory(prefix=f"dark-factory-{mark()}-") as folder:
        process = await anyio.open_process(
            [program, *settings.command[1:]], env={**own, VARIABLE: mark()}, cwd=folder, start_new_session=True,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip

        def kill() -> None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

        said, heard = anyio.create_memory_object_stream[Any](0)
        saying, to_say = anyio.create_memory_object_stream[Any](0)
        try:
            async with anyio.create_task_group() as group:
                assert process.stdout
                assert process.stdin
                group.start_soon(_read, process.stdout, said)
                group.start_soon(_write, process.stdin, to_say)
                try:
                    yield heard, saying, kill
                finally:
                    group.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                with anyio.move_on_after(END_S):
                    assert process.stdin
                    await process.stdin.aclose()
                    await process.wait()
                kill()  # what it started too
                with anyio.move_on_after(END_S):
                    await process.aclose()
            for stream in (said, heard, saying, to_say):
                stream.close()


async def _read(source: "ByteReceiveStream", out: "MemoryObjectSendStream[Any]") -> None:
    """One message a line; a line that is none is dropped, one that does not end closes the stream."""
    import anyio
    from mcp.shared.message import SessionMessage
    from mcp.types import jsonrpc_message_adapter

    rest = b""
    with suppress(anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError):
        async with out:
            while len(rest) <= LONGEST:
                *lines, rest = (rest + await source.receive()).split(b"\n")
                for line in lines:
                    try:
                        message = jsonrpc_message_adapter.validate_json(line, by_name=False)
                    except ValueError:
                        continue
                    await out.send(SessionMessage(message))


async def _write(target: "ByteSendStream", out: "MemoryObjectReceiveStream[Any]") -> None:
    import anyio

    with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError, OSError):
        async for message in out:
            text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
            await target.send(f"{text}\n".encode())


@asynccontextmanager
async def _over_http(settings: McpSettings, environment: Mapping[str, str]) -> AsyncIterator[Streams]:
    """No proxy of the environment, no redirects; an answer that is too large is an error."""
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    key = environment.get(settings.key_env, "").strip() if settings.key_env else ""
    client = httpx2.AsyncClient(
        transport=_capped(), timeout=httpx2.Timeout(settings.call_s), trust_env=False, follow_redirects=False,
        headers={"authorization": f"Bearer {key}"} if key else {},
    )  # fmt: skip
    async with client, streamable_http_client(settings.url, http_client=client) as (read, write):
        yield read, write, lambda: None


def _capped() -> Any:
    """A transport whose answers end with an error after LONGEST bytes, whatever their headers say."""
    import httpx2

    class Body(httpx2.AsyncByteStream):
        def __init__(self, stream: Any) -> None:
            self.stream = stream

        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for part in self.stream:
                size += len(part)
                if size > LONGEST:
                    raise httpx2.ReadError("the answer is too large")
                yield part

        async def aclose(self) -> None:
            await self.stream.aclose()

    class Transport(httpx2.AsyncHTTPTransport):
        async def handle_async_request(self, request: Any) -> Any:
            response = await super().handle_async_request(request)
            response.stream = Body(response.stream)
            return response

    return Transport(trust_env=False)
