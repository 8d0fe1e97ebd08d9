"""One page: opened, listened to while it loads, and closed to what it tries on its own."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from factory.sandbox.inside.browser.pipe import Json, Pipe

START_S, LOAD_S, SETTLE_S, QUIET_S = 20.0, 10.0, 3.0, 0.3
MOST_LINES, LINE = 30, 300  # of the console, of failed requests; characters of one
MOST_ASKED = 5_000  # requests whose addresses are remembered


class Page(Pipe):
    """`console` and `failed` are what it complained of, `notes` what was odd about opening it."""

    def __init__(self, program: str) -> None:
        super().__init__(program)
        self.console: list[str] = []
        self.failed: list[str] = []
        self.notes: list[str] = []
        self.target = ""
        self.loaded = self.crashed = False
        self._asked: dict[str, str] = {}
        self._waiting: set[str] = set()
        self._changed = time.monotonic()

    def open(self, address: str, width: int, height: int) -> None:
        """Raises Late, Gone. Scripts that keep it from loading are stopped."""
        self.call("Target.setDiscoverTargets", START_S, discover=True)
        self.call("Browser.setDownloadBehavior", behavior="deny")
        self.target = self.call("Target.createTarget", url="about:blank").get("targetId", "")
        self.session = self.call("Target.attachToTarget", targetId=self.target, flatten=True).get("sessionId", "")
        for domain in ("Page", "Runtime", "Network", "Log", "Inspector"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.loaded = False
        self.tell("Page.navigate", url=address)
        if not self._listen(LOAD_S, lambda: self.loaded or self.crashed):
            self.notes.append(f"it was still loading after {LOAD_S:g} seconds; its scripts were stopped")
            self.stop()
        self._listen(SETTLE_S, lambda: not self._waiting and time.monotonic() - self._changed > QUIET_S)

    def stop(self) -> None:
        """No script of the page goes on."""
        self.tell("Emulation.setScriptExecutionDisabled", value=True)
        self.tell("Page.stopLoading")
        for _ in range(5):  # one that asks its reader something is not stopped at once
            self.tell("Runtime.terminateExecution")
            self._listen(0.2, lambda: False)

    def value(self, expression: str, world: int) -> Any:
        """What an expression gives in a world of its own, which the page's scripts cannot change; None: nothing."""
        params: Json = {"expression": expression, "returnByValue": True, "timeout": 2000}
        if world:
            params["contextId"] = world
        return (self.call("Runtime.evaluate", **params).get("result") or {}).get("value")

    def _listen(self, seconds: float, done: Callable[[], bool]) -> bool:
        """Until `done()` or the time is over."""
        until = time.monotonic() + seconds
        while not done() and time.monotonic() < until:
            self.next(min(until, time.monotonic() + 0.1))
        return done()

    def heard(self, method: str, params: Json) -> None:
        if method == "Page.loadEventFired":
            self.loaded = True
        elif method == "Page.javascriptDialogOpening":
            _say(self.console, f"{params.get('type')} dialog: {params.get('message')}")
            self.tell("Page.handleJavaScriptDialog", accept=False)
        elif method == "Inspector.targetCrashed":
            self.crashed = True
        elif method == "Target.targetCreated":
            self._opened(params["targetInfo"])
        elif method == "Runtime.exceptionThrown":
            _say(self.console, f"error: {_thrown(params['exceptionDetails'])}")
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            words = (str(each.get("value", each.get("description", ""))) for each in params["args"][:10])
            _say(self.console, f"{params['type']}: {' '.join(words)}")
        elif method == "Log.entryAdded" and params["entry"]["source"] != "network":
            if params["entry"]["level"] in ("error", "warning"):
                _say(self.console, f"{params['entry']['level']}: {params['entry']['text']}")
        elif method.startswith("Network."):
            self._request(method, params)

    def _opened(self, info: Json) -> None:
        if self.target and info["type"] == "page" and info["targetId"] != self.target:
            _say(self.console, f"it opened a window, which was closed: {info.get('url') or 'about:blank'}")
            self.tell("Target.closeTarget", targetId=info["targetId"])

    def _request(self, method: str, params: Json) -> None:
        number = str(params.get("requestId"))
        if method == "Network.requestWillBeSent" and len(self._asked) < MOST_ASKED:
            self._asked[number] = params["request"]["url"][:LINE]
            self._waiting.add(number)
        elif method == "Network.responseReceived" and params["response"]["status"] >= 400:
            url = params["response"]["url"][:LINE]
            if not url.endswith("/favicon.ico"):  # Chromium asks for one by itself
                _say(self.failed, f"{url}: status {params['response']['status']}")
        elif method == "Network.loadingFailed" and params.get("errorText") != "net::ERR_ABORTED":
            why = params.get("blockedReason") or params.get("errorText")
            _say(self.failed, f"{self._asked.get(number, '?')}: {why}")
        if method in ("Network.loadingFailed", "Network.loadingFinished"):
            self._waiting.discard(number)
        self._changed = time.monotonic()


def _say(lines: list[str], text: str) -> None:
    text = " ".join(text[: LINE * 4].split())[:LINE]
    if len(lines) < MOST_LINES and text not in lines:
        lines.append(text)


def _thrown(details: Json) -> str:
    error = details.get("exception") or {}
    text = str(error.get("description") or f"{details.get('text')} {error.get('value', '')}")
    place = urlsplit(details.get("url") or "").path
    return f"{text.splitlines()[0] if text else 'unknown'} ({place}:{details.get('lineNumber', 0) + 1})"
