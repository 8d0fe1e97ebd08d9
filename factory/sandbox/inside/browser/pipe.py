"""Chromium over its debugging pipe: the Chrome DevTools Protocol, JSON ended by a null byte, on descriptors 3 and 4."""

import contextlib
import fcntl
import json
import os
import select
import time
from typing import Any

Json = dict[str, Any]

NO_BROWSER = 3  # exit code
NAMES = ("/usr/lib/chromium/chromium", "chromium", "google-chrome", "google-chrome-stable", "chromium-browser")
"""Debian's `chromium` reads files that are not in the sandbox, Ubuntu's `chromium-browser` asks for a snap."""
FLAGS = (
    "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-breakpad", "--mute-audio",
    "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--no-default-browser-check", "--no-proxy-server", "--hide-scrollbars", "--disable-lcd-text",
    "--force-color-profile=srgb", "--user-data-dir=/tmp/factory-browser", "--js-flags=--max-old-space-size=512",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)  # fmt: skip
ANSWER_S, ALL_S = 8.0, 60.0  # Chromium may take for an answer, and for everything together
MOST_MESSAGE = 48 * 1024 * 1024  # bytes of one of its messages
LOG = "/tmp/factory-browser.log"


class Late(Exception):
    """Chromium did not answer in time."""


class Gone(Exception):
    """Chromium ended, or said more than we take."""


class Pipe:
    """A Chromium of our own. `session` names the page that commands are for, once there is one."""

    def __init__(self, program: str) -> None:
        ours, theirs = _pipe(), _pipe()
        log = os.open(LOG, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        null = os.open("/dev/null", os.O_RDONLY)
        given = {0: null, 1: log, 2: log, 3: theirs[0], 4: ours[1]}
        actions = [(os.POSIX_SPAWN_DUP2, source, number) for number, source in given.items()]
        os.posix_spawn(program, [program, *FLAGS, "about:blank"], dict(os.environ), file_actions=actions)
        for each in (theirs[0], ours[1], null, log):
            os.close(each)
        self._read, self._write = ours[0], theirs[1]
        self._buffer = bytearray()
        self._number = 0
        self._over = time.monotonic() + ALL_S
        self.session = ""

    def call(self, method: str, seconds: float = ANSWER_S, **params: object) -> Json:
        """What Chromium answers; {} when it refuses. Raises Late, Gone."""
        number, until = self.tell(method, **params), min(time.monotonic() + seconds, self._over)
        while True:
            heard = self.next(until)
            if heard is None:
                raise Late
            if heard.get("id") == number:
                found: Json = heard.get("result") or {}
                return found

    def tell(self, method: str, **params: object) -> int:
        """Ask without waiting: the number of the answer."""
        self._number += 1
        message: Json = {"id": self._number, "method": method, "params": params}
        if self.session and not method.startswith(("Target.", "Browser.")):
            message["sessionId"] = self.session
        with contextlib.suppress(OSError):  # it ended: the next reading says so
            os.write(self._write, json.dumps(message).encode() + b"\0")
        return self._number

    def next(self, until: float) -> Json | None:
        """The next message, after `heard` had it; None when there was none in time. Raises Gone."""
        while (end := self._buffer.find(b"\0")) < 0:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self._read], [], [], left)[0]:
                return None
            data = os.read(self._read, 1 << 20)
            self._buffer += data
            if not data or len(self._buffer) > MOST_MESSAGE:
                raise Gone
        message: Json = json.loads(self._buffer[:end])
        del self._buffer[: end + 1]
        if "method" in message:
            self.heard(message["method"], message.get("params") or {})
        return message

    def heard(self, method: str, params: Json) -> None:
        """An event."""

    def last_words(self) -> str:
        with open(LOG, "rb") as file:
            return file.read(1 << 20)[-400:].decode(errors="replace").strip()


def _pipe() -> list[int]:
    """Both ends above the numbers at which Chromium expects its own."""
    ends = os.pipe()
    high = [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, 10) for each in ends]
    for each in ends:
        os.close(each)
    return high
