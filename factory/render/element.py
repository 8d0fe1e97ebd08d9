"""HTML that is escaped unless it is already HTML: elements for the report, for renderers in this folder."""

import re
from collections.abc import Iterable, Sequence
from html import escape

from factory.render.text import clean

_HTML_VOID = ("meta", "wbr")
_VOID = frozenset({*_HTML_VOID, "rect", "line", "circle"})


class Html(str):
    """Markup made by `el`. Joining or formatting it gives a plain str again, which `el` escapes: safe by default."""

    __slots__ = ()


Child = str | None


def el(tag: str, *children: Child, **attributes: object) -> Html:
    """One element. Text and attribute values are cleaned and escaped; `None` children and attributes are left out.

    `class_` is `class`, `aria_label` is `aria-label`; `True` is an attribute without a value.
    """
    said = "".join(_attribute(name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items())
    if tag in _VOID:
        return Html(f"<{tag}{said}>" if tag in _HTML_VOID else f"<{tag}{said}/>")
    return Html(f"<{tag}{said}>{join(children)}</{tag}>")


def join(children: Iterable[Child]) -> Html:
    """Children one after the other, escaped unless they are Html."""
    return Html("".join(child if isinstance(child, Html) else text(child or "") for child in children))


def text(words: str) -> Html:
    return Html(escape(clean(words), quote=True))


def _attribute(name: str, value: object) -> str:
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{text(str(value))}"'


def table(heads: Sequence[Child], rows: Sequence[Sequence[Child]], caption: str, numbers: Sequence[int] = ()) -> Html:
    """A table with a caption for screen readers, in a box that scrolls sideways; `numbers` are columns set right."""
    right = dict.fromkeys(numbers, "num")
    head = el("tr", *(el("th", name, scope="col", class_=right.get(n)) for n, name in enumerate(heads)))
    body = (el("tr", *(el("td", cell, class_=right.get(n)) for n, cell in enumerate(row))) for row in rows)
    made = el("table", el("caption", caption), el("thead", head), el("tbody", *body))
    return el(
        "div",
        made,
        class_="scroll many" if len(heads) > 4 else "scroll",
        tabindex="0",
        role="region",
        aria_label=caption,
    )


def name(words: str) -> Html:
    """A path or a test's id in fixed width that may be broken where its parts end."""
    parts = [part for part in re.split(r"(?<=[/_.:])(?=[^/_.:])", clean(words)) if part]
    return el("code", *(join([part, el("wbr")]) for part in parts[:-1]), *parts[-1:])


def marked(words: str) -> Html:
    """A sentence, its `names` between backticks in fixed width."""
    parts = re.split(r"`([^`\n]{1,200})`", clean(words))
    return join(el("code", part) if n % 2 else part for n, part in enumerate(parts))


def listed(items: Iterable[Child], class_: str | None = None) -> Html:
    return el("ul", *(el("li", item) for item in items), class_=class_)


def fold(summary: Child, *body: Child, open_: bool = False, class_: str | None = None) -> Html:
    """Folded content that works without scripts."""
    return el("details", el("summary", summary), *body, open=open_, class_=class_)


def badge(words: str, tone: str) -> Html:
    return el("span", words, class_=f"badge {tone}")
