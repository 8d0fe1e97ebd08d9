"""The status page as HTML: pure functions of a Snapshot and the templates beside this file. Everything is escaped."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from factory.prompting import web_pages
from factory.render import amount
from factory.render.text import line
from factory.serve.status import Card, Health, Kind, Model, Place, Rented, Snapshot

GIB = 1024**3
SECTIONS = ("summary", "cards", "models", "rented", "places", "spend", "events")
TINTS = 6  # colours of models, by name
NEAR = 0.8  # of a budget
HEALTH: dict[Health, tuple[str, str, str]] = {
    "well": ("answers", "good", ""),
    "unasked": ("not asked yet", "plain", ""),
    "limited": ("at its limit", "warn", "asked again in"),
    "failing": ("failing", "bad", "left alone for"),
    "tried": ("failing", "warn", "the next request tries it"),
}
STATES = {
    "cold": ("not loaded", "plain"), "ready": ("ready", "good"), "loading": ("loading", "warn"),
    "waking": ("waking", "warn"), "asleep": ("asleep", "plain"), "sleeping": ("going to sleep", "warn"),
    "leaving": ("finishing requests", "warn"), "killing": ("ending", "warn"), "proving": ("freeing memory", "warn"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Word:
    """A state for people; the tone is a colour, the word says the same."""

    word: str
    tone: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a card's bar, which is 1000 wide."""

    label: str
    bytes: int
    tint: str
    x: float
    width: float


class Page:
    """Templates read once; rendering touches nothing else."""

    def __init__(self) -> None:
        self._pages = web_pages(Path(__file__).with_name("templates"))
        plain: dict[str, Callable[..., object]] = {
            "money": amount.money, "tokens": amount.tokens, "line": line, "gib": gib, "rate": rate, "share": share,
            "fullness": fullness, "wait": wait, "span": span, "health": health, "state": state, "since": since,
            "hired": hired, "facts": facts, "queue": queue,
        }  # fmt: skip
        self._pages.filters.update(plain)
        for name in self._pages.list_templates():
            self._pages.get_template(name)  # now: an upgrade may exchange the files while this runs

    def sections(self, seen: Snapshot) -> dict[str, str]:
        """Each section's HTML, by the id of its element."""
        about = _about(seen)
        return {name: self._pages.get_template(f"{name}.html").render(about) for name in SECTIONS}

    def whole(self, seen: Snapshot, nonce: str, boot: str, key: str) -> str:
        """The document. `boot` names this run of the gateway; `key`: who is logged in, '' for nobody."""
        more = {"nonce": nonce, "boot": boot, "key": key, "sections": SECTIONS}
        return self._pages.get_template("page.html").render(_about(seen) | more)

    def login(self, nonce: str, problem: str = "") -> str:
        """The form that asks for a key."""
        return self._pages.get_template("login.html").render(nonce=nonce, problem=problem)


def _about(seen: Snapshot) -> dict[str, object]:
    tints = _tints(seen)
    return {"seen": seen, "spread": lambda card: spread(card, tints)}


def _tints(seen: Snapshot) -> dict[str, str]:
    """The same colour for the same holder on every card, whatever is loaded."""
    names = [model.name for model in seen.machine.models] + [lease.job for lease in seen.machine.leases]
    return {name: f"t{number % TINTS}" for number, name in enumerate(dict.fromkeys(names))}


def spread(card: Card, tints: dict[str, str]) -> list[Stretch]:
    """The card's parts side by side; too much of them is cut off at the card's end."""
    grey: dict[Kind, str] = {"others": "others", "free": "free", "model": "t0", "lease": "t0"}
    made, at = list[Stretch](), 0.0
    for part in card.parts:
        width = min(1000 * part.bytes / max(card.total, 1), 1000 - at)
        tint = tints.get(part.label, grey[part.kind]) if part.kind in ("model", "lease") else grey[part.kind]
        made.append(Stretch(part.label, part.bytes, tint, round(at, 1), round(width, 1)))
        at += width
    return made


def health(place: Place) -> Word:
    word, tone, more = HEALTH[place.health]
    return Word(word, tone, f"{more} {wait(place.wait_s)}" if place.wait_s and place.health != "tried" else more)


def state(model: Model) -> Word:
    if model.failed_s:
        return Word("failed", "bad")
    word, tone = STATES.get(model.state, (model.state, "plain"))
    return Word(word, tone)


def since(model: Model) -> str:
    """To the second only while something is under way: a page at rest does not change."""
    if model.state in ("loading", "waking"):
        usual = f" of about {amount.duration(model.load_s)}" if model.load_s and model.state == "loading" else ""
        return f"{model.since_s:.0f} s{usual}"
    return span(model.since_s)


def queue(one: Model | Place) -> str:
    """Requests there, `idle` when there are none."""
    return f"{one.running} running, {one.waiting} waiting" if one.running or one.waiting else "idle"


def hired(one: Rented) -> str:
    """The tone of a rented machine's state."""
    return {"up": "good", "idle": "good", "off": "plain"}.get(one.state, "warn")


def facts(card: Card) -> str:
    said = [
        f"{card.celsius} °C" if card.celsius is not None else "",
        f"power limit {card.watts} W" if card.watts is not None else "",
        f"PCIe ×{card.lanes}" if card.lanes is not None else "",
    ]
    return " · ".join(filter(None, said))


def gib(count: int) -> str:
    return f"{count / GIB:.1f}"


def rate(a_second: float | None) -> str:
    if a_second is None:
        return "–"
    return f"{a_second:.1f}" if 0 < a_second < 10 else f"{a_second:,.0f}"


def wait(seconds: float) -> str:
    """Whole seconds, never 0 while there is something to wait for."""
    return amount.duration(max(10.0, seconds)) if seconds >= 10 else f"{max(1, round(seconds))} s"


def span(seconds: float) -> str:
    """About how long, to the minute."""
    if seconds < 60:
        return "less than a minute"
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h {minutes % 60:02d} min" if hours < 48 else f"{hours // 24} days"


def share(used: int, cap: int) -> float:
    """Of a bar that is 1000 wide; what is used at all shows."""
    return max(4.0 if used else 0.0, round(1000 * min(1.0, used / cap), 1)) if cap else 0.0


def fullness(used: int, cap: int) -> str:
    if used >= cap:
        return "full"
    return "near" if used >= NEAR * cap else "fill"
