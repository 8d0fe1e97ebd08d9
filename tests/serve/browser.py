"""A real Chromium for the tests of the status page, driven over its DevTools protocol."""

import asyncio
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
         "--no-proxy-server", "--disable-background-networking", "--remote-debugging-port=0")  # fmt: skip
LONG_S = 60.0


def program() -> str:
    """Skips the test, and says so, where no browser is installed."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        pytest.skip(f"not run: none of {', '.join(PROGRAMS)} is installed here")
    return found


class Tab:
    """One tab. `complaints`: errors of the console, scripts that failed, and what a page's policy kept from running."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._numbers = socket, count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.complaints: list[str] = []

    async def listen(self) -> None:
        async for message in self._socket:
            said = message.json()
            if "id" in said:
                self._answers.pop(said["id"]).set_result(said)
            elif said["method"] == "Runtime.exceptionThrown":
                self.complaints.append(said["params"]["exceptionDetails"]["text"])
            elif said["method"] == "Log.entryAdded" and said["params"]["entry"]["level"] == "error":
                self.complaints.append(said["params"]["entry"]["text"])

    async def do(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": params})
        said = await asyncio.wait_for(answer, LONG_S)
        assert "error" not in said, said
        result: dict[str, Any] = said["result"]
        return result

    async def value(self, script: str) -> Any:
        """What an expression is worth in the page."""
        said = await self.do("Runtime.evaluate", expression=script, returnByValue=True)
        return said["result"].get("value")

    async def until(self, script: str) -> None:
        """Waits for an expression to be true, also over the loading of another page."""
        end = time.monotonic() + LONG_S
        while not await self.value(script):
            assert time.monotonic() < end, (
                f"never true: {script}; the page: {await self.value('document.body.innerText')}"
            )
            await asyncio.sleep(0.05)

    async def go(self, url: str) -> None:
        await self.do("Page.navigate", url=url)
        await self.until(f"location.href.startsWith({url!r}) && document.readyState === 'complete'")


@asynccontextmanager
async def tab(width: int = 1200) -> AsyncIterator[Tab]:
    """A fresh browser with one empty tab, so many pixels wide."""
    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as folder:
        words = [program(), *FLAGS, f"--user-data-dir={folder}", "about:blank"]
        running = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            async with aiohttp.ClientSession() as session:
                port = await _port(Path(folder) / "DevToolsActivePort", running)
                async with session.get(f"http://127.0.0.1:{port}/json") as answer:
                    (page,) = [each for each in await answer.json() if each["type"] == "page"]
                async with session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                    one = Tab(socket)
                    listening = asyncio.create_task(one.listen())
                    for domain in ("Page", "Runtime", "Log"):
                        await one.do(f"{domain}.enable")
                    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
                    await one.do("Emulation.setDeviceMetricsOverride", **size)
                    yield one
                    listening.cancel()
        finally:
            running.kill()
            running.wait()


async def _port(said: Path, running: subprocess.Popen[bytes]) -> int:
    end = time.monotonic() + LONG_S
    while not (said.exists() and "\n" in said.read_text()):
        assert running.poll() is None, "the browser ended at once"
        assert time.monotonic() < end, "the browser does not come up"
        await asyncio.sleep(0.05)
    return int(said.read_text().splitlines()[0])
