"""The status page in a real browser: live without reloading, nothing blocked, nothing complained of."""

import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from factory.contracts.record import digest
from tests.serve.conftest import Box, Start
from tests.serve.upstream_double import Sleep, Step, chunk, good_stream, stream_head, upstream

pytestmark = pytest.mark.browser
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
KEY = "df-alice"
EVIL = "<script>document.title = 'broken'</script>"
LONG_MS = 30_000
PAID = {"price_in": 1000.0, "price_out": 1000.0, "tier": "frontier"}


@dataclass
class Window:
    """A page of the browser, and all that it complained of."""

    page: Any
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(LONG_MS)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", self._failed)
        self.page.add_init_script(
            "document.addEventListener('securitypolicyviolation', (e) => console.error('CSP', e.violatedDirective))"
        )

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _failed(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # the stream, when its page is left
            self.complaints.append(f"{request.url}: {request.failure}")

    def wait(self, selector: str, text: str) -> None:
        self.page.locator(selector, has_text=text).first.wait_for()

    def wait_for_more(self, selector: str, than: float) -> None:
        """Playwright's own waiting for a condition evaluates text in the page, which the page forbids."""
        for _ in range(300):
            text = self.page.locator(selector).first.inner_text().strip()
            if text.replace(".", "", 1).isdigit() and float(text) > than:
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{selector} did not pass {than}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert found, "No Chromium is installed: type `make test-browser`, which installs it, or install it yourself."
    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=found)
        yield running
        running.close()


@pytest.fixture
def window(browser: Any) -> Iterator[Window]:
    context = browser.new_context(locale="en-GB", timezone_id="Europe/Berlin")
    yield Window(context.new_page())
    context.close()


def keys(name: str = "alice") -> dict[str, Any]:
    return {"keys": {name: {"sha256": digest(KEY), "ceiling": "frontier", "day_usd": 5}}}


def log_in(window: Window, gate: Box) -> None:
    window.page.goto(gate.url)
    window.page.get_by_label("Your key").fill(KEY)
    window.page.get_by_role("button", name="Show the status").click()
    window.wait("#live", "live")


def test_a_request_appears_runs_and_is_paid_without_a_reload(box: Start, window: Window) -> None:
    on = threading.Event()

    def slow(body: Any, number: int) -> Iterator[Step]:
        yield stream_head()
        while not on.is_set():
            yield chunk({"role": "assistant", "content": "word"})
            yield Sleep(0.05)
        yield from list(good_stream(body))[1:]

    with upstream(slow) as fine:
        gate = box(endpoints={"fine": {"url": fine.url} | PAID}, serve=keys())
        log_in(window, gate)
        window.page.evaluate("window.untouched = true")
        window.wait("#places", "idle")
        headers = {"authorization": f"Bearer {KEY}", "x-factory-ceiling": "frontier"}
        asking = threading.Thread(target=gate.chat, args=(headers,), kwargs={"stream": True})
        asking.start()
        try:
            window.wait("#places", "1 running")
            window.wait("#running", "1")
            reserved = window.page.locator("#spend tbody tr").inner_text()
            window.wait_for_more("#places td[data-label='Tokens a second']", 1)
        finally:
            on.set()
            asking.join()
        window.wait("#places", "idle")
        window.wait("#spend", "$0.0090 of $5.00")
        assert "$0.0090" not in reserved
        assert window.page.evaluate("window.untouched") is True
        assert not window.complaints


def test_what_strangers_wrote_does_not_run(box: Start, window: Window) -> None:
    def bad(body: object, number: int) -> Iterator[Step]:
        yield stream_head()
        yield b"data: " + json.dumps({"error": {"message": EVIL}}).encode() + b"\n\n"

    with upstream(bad) as failing:
        gate = box(endpoints={EVIL: {"url": failing.url, "model": EVIL}}, serve=keys(EVIL))
        log_in(window, gate)
        gate.chat({"authorization": f"Bearer {KEY}"}, stream=True)  # comes over the stream, and with the next page
        window.wait("#events", EVIL)
        window.page.reload()
        window.wait("#live", "live")
        for section in ("#events", "#places", "#spend"):
            window.wait(section, EVIL)
        assert window.page.title() == "Dark Factory · status"
        assert not window.complaints


def test_logging_in_and_out(box: Start, window: Window) -> None:
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url}}, serve=keys())
        log_in(window, gate)
        (cookie,) = window.page.context.cookies()
        assert (cookie["httpOnly"], cookie["sameSite"], KEY in cookie["value"]) == (True, "Strict", False)
        assert window.page.evaluate("document.cookie") == ""
        window.page.get_by_role("button", name="Log out").click()
        window.page.wait_for_url("**/login")
        assert not window.page.context.cookies()
        assert not window.complaints
        window.page.get_by_label("Your key").fill("df-mallory")
        window.page.get_by_role("button", name="Show the status").click()
        window.wait(".problem", "not known")


def test_a_gateway_that_is_gone_is_told(box: Start, window: Window) -> None:
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url}})
        window.page.goto(gate.url)
        window.wait("#live", "live")
        gate.stop()
        window.wait("#live", "not connected")
        assert "fine" in window.page.locator("#places").inner_text()


@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_is_readable(width: int, scheme: str, box: Start, browser: Any) -> None:
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url, "model": "a-model-with-quite-a-long-name" * 4}})
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        page = context.new_page()
        page.goto(gate.url)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        light = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(251, 250, 248)"
        assert light == (scheme == "light")
        assert page.evaluate(CONTRAST) >= 4.5  # WCAG 2.2, AA
        context.close()


def test_it_says_the_same_without_scripts(box: Start, browser: Any) -> None:
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url}}, serve=keys())
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(gate.url)
        page.get_by_label("Your key").fill(KEY)
        page.get_by_role("button", name="Show the status").click()
        assert "UTC" in page.locator("#live").inner_text()
        assert "fine" in page.locator("#places").inner_text()
        assert "alice" in page.locator("#spend").inner_text()
        context.close()


# The least contrast of any text with what is painted behind it (relative luminance as WCAG defines it).
CONTRAST = """
() => {
  const parts = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (place) => {
    for (let at = place; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour.length === 3) return colour;
    }
  };
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let least = 21;
  while (words.nextNode()) {
    const place = words.currentNode.parentElement;
    if (!words.currentNode.data.trim() || !place.checkVisibility() || place.closest("script, style, svg")) continue;
    const [one, two] = [light(parts(getComputedStyle(place).color)), light(behind(place))].sort((a, b) => b - a);
    least = Math.min(least, (one + 0.05) / (two + 0.05));
  }
  return least;
}
"""
