"""What all of the factory's own pages are: one HTML file without scripts that asks nobody for anything."""

from pathlib import Path

from factory.render.element import Html, el

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def document(title: str, body: Html, css: str = "") -> str:
    """The whole document. `css` comes after report.css; `title` is escaped here."""
    style = Path(__file__).with_name("report.css").read_text(encoding="utf-8") + css
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="referrer", content="no-referrer"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        el("title", f"{title} · Dark Factory"),
        el("style", Html(style)),
    )
    return f"<!doctype html>\n{el('html', head, body, lang='en')}\n"
