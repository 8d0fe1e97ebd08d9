"""Opens one page in headless Chromium and writes what is seen: /out/page.json and, where wanted, /out/page.png.

Started in the sandbox with one argument, JSON: page, command, port, start_s, width, height, full_page, picture. What a
page does is bounded by time here, and by the sandbox in everything else. Exit code 3: there is no Chromium.
"""

import base64
import json
import shutil

from factory.sandbox.inside.browser.outline import outline
from factory.sandbox.inside.browser.page import LINE, Page
from factory.sandbox.inside.browser.pipe import NAMES, NO_BROWSER, Gone, Json, Late
from factory.sandbox.inside.browser.serving import serve

MOST_PNG, MOST_PIXELS = 8 * 1024 * 1024, 3_000_000
MOST_NODES = 20_000  # elements of which an outline is asked for
PICTURE_S = 20.0
# What a reader must scroll sideways for.
WIDE = """(() => { const out = [];
for (const e of Array.from(document.body ? document.body.getElementsByTagName('*') : []).slice(0, 5000)) {
  const r = e.getBoundingClientRect(), over = Math.round(r.right - innerWidth);
  if (r.width && r.height && over > 0 && out.length < 8)
    out.push(e.tagName.toLowerCase() + (e.id ? '#' + e.id : '') + ' reaches ' + over + ' px beyond the right edge');
} return out; })()"""
COUNT = "document.getElementsByTagName('*').length"
TEXT = "document.body ? document.body.innerText.slice(0, 6000) : ''"


def look(plan: Json, program: str) -> tuple[Json, bytes]:
    """(facts for page.json, the picture or nothing)."""
    address, problem = serve(plan["page"], plan["command"], plan["port"], plan["start_s"])
    if problem:
        return {"problem": problem}, b""
    page, facts = Page(program), {"problem": ""}
    png: list[bytes] = []
    try:
        page.open(address, plan["width"], plan["height"])
        try:
            _see(page, plan, facts, png)
        except Late:
            page.notes.append("it did not answer while its scripts ran; they were stopped")
            page.stop()
            _see(page, plan, facts, png)
    except Late:
        page.notes.append("it does not answer any more: what is said here is not all")
    except Gone:
        words = "" if page.session else f" before it began: {page.last_words() or 'no message'}"
        facts["problem"] = f"Chromium ended{words}"
    if page.crashed:
        facts["problem"] = "the page crashed: what is said here is not all"
    host = "/".join(address.split("/")[:3])
    page.notes += facts.pop("beyond", [])
    said = {"console": page.console, "requests": page.failed, "notes": page.notes}
    return {**facts, **{name: [line.replace(host, "") for line in lines] for name, lines in said.items()}}, b"".join(
        png
    )


def _see(page: Page, plan: Json, facts: Json, png: list[bytes]) -> None:
    """Written down as it is found: a page that hangs or crashes later is told of up to there."""
    content = page.call("Page.getLayoutMetrics").get("cssContentSize") or {}
    facts |= {"wide": int(content.get("width", 0)), "high": int(content.get("height", 0))}
    frame = page.call("Page.getFrameTree").get("frameTree", {}).get("frame", {})
    world = int(page.call("Page.createIsolatedWorld", frameId=frame.get("id", "")).get("executionContextId", 0))
    facts["title"] = str(page.value("document.title", world) or "")[:LINE]
    facts["beyond"] = [str(each)[:LINE] for each in page.value(WIDE, world) or []]
    if plan["picture"] and not png:
        png.append(_picture(page, plan, facts))
    if int(page.value(COUNT, world) or 0) <= MOST_NODES:
        facts["outline"] = outline(page.call("Accessibility.getFullAXTree").get("nodes") or [])
    else:
        page.notes.append("it has too many elements for an outline: only its first text is shown")
        facts["outline"] = str(page.value(TEXT, world) or "")


def _picture(page: Page, plan: Json, facts: Json) -> bytes:
    width, height = plan["width"], plan["height"]
    how: Json = {"format": "png"}
    if plan["full_page"] and facts["high"] > height:
        height = min(facts["high"], MOST_PIXELS // width)
        if height < facts["high"]:
            page.notes.append(f"the picture ends {height} px below the top")
        how |= {"captureBeyondViewport": True, "clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}}
    data = base64.b64decode(page.call("Page.captureScreenshot", PICTURE_S, **how).get("data", ""))
    if len(data) <= MOST_PNG:
        return data
    page.notes.append(f"the picture has more than {MOST_PNG >> 20} MiB and is not shown")
    return b""


def main(argument: str) -> int:
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        return NO_BROWSER
    facts, png = look(json.loads(argument), program)
    with open("/out/page.json", "w", encoding="utf-8", errors="backslashreplace") as file:
        json.dump(facts, file, ensure_ascii=False)
    if png:
        with open("/out/page.png", "wb") as file:
            file.write(png)
    return 0
