"""A request made fit for one endpoint: its wire, its model's name, a limit on the answer, and usage to be counted."""

import re
from dataclasses import dataclass

from factory.contracts.model import TIERS, Endpoint, Form
from factory.contracts.record import Json
from factory.llm.quirks import quirks_of
from factory.serve.ask import LIMITS, Ask, dumped, rewritten
from factory.serve.convert import to_chat, to_messages
from factory.serve.convert.problems import Unconvertible
from factory.serve.upstream import ANTHROPIC_VERSION, PATHS, Failed, forms_of

UNSIGNED = re.compile(rb'"signature"\s*:\s*""')
TWINS: dict[Form, Form] = {"chat": "messages", "messages": "chat"}  # what can be converted into what
OURS = (b"x-factory-template", b"x-factory-sample")  # what a factory's own client says besides
PASSED = (b"anthropic-version", b"anthropic-beta", b"openai-beta")  # the client's headers that mean something upstream


@dataclass(slots=True)
class Prepared:
    """What is sent. `form` is the wire it is sent on; `limit` the most tokens of the answer, or of
    all answers where several are asked for."""

    form: Form
    path: str
    body: bytes
    headers: dict[str, str]
    limit: int
    changed: tuple[str, ...]  # what the client will want to know: fields dropped or changed
    hide_usage: bool


def form_for(ask: Ask, endpoint: Endpoint) -> Form | None:
    """The wire a request goes to an endpoint on; None when the endpoint cannot take it."""
    if endpoint.wire not in ("openai", "anthropic"):
        return None
    forms = forms_of(endpoint)
    if ask.form in forms:
        return ask.form
    twin = TWINS.get(ask.form)
    return twin if twin in forms else None


def prepared(ask: Ask, endpoint: Endpoint, form: Form) -> Prepared:
    """Raises Failed('refused') when the request says something that the endpoint's wire has no word for."""
    body, dropped = (ask.body, ()) if form == ask.form else _converted(ask, form)
    limit, changes, changed = _limited(ask, body, endpoint, form)
    changed, hide = (*changed, *dropped), False
    if form == ask.form == "messages" and endpoint.wire == "anthropic" and UNSIGNED.search(ask.raw):
        changes, changed = {**changes, "messages": _signed(body["messages"])}, (*changed, "unsigned thinking")
    if ask.stream and form in ("chat", "completions"):
        options = body.get("stream_options")
        options = options if isinstance(options, dict) else {}
        if options.get("include_usage") is not True:
            changes = {**changes, "stream_options": {**options, "include_usage": True}}
            hide = form == ask.form
    model = endpoint.model or ask.model
    if form == ask.form:
        raw = rewritten(ask, model, changes)
    else:
        made = _named(endpoint, form, {**body, **changes, "model": model})
        raw = dumped(made)
    return Prepared(form, PATHS[form], raw, _headers(ask, form, endpoint), limit * ask.answers(), changed, hide)


def _limited(ask: Ask, body: Json, endpoint: Endpoint, form: Form) -> tuple[int, Json, tuple[str, ...]]:
    """A request without a limit gets the endpoint's; one above it is lowered, and told so."""
    names, asked, most = LIMITS[form], ask.limit(), endpoint.max_output
    if not names:
        return 0, {}, ()
    said = [name for name in names if body.get(name) is not None] if asked is not None else []
    if not said:
        own = quirks_of(endpoint.model).limit if form == "chat" else names[0]  # what this model calls it
        limit = min(asked or most, most)
        return limit, dict.fromkeys((own, *(name for name in names if body.get(name) is not None)), limit), ()
    above = [name for name in said if body[name] > most]
    limit = min(max(body[name] for name in said), most)
    return limit, dict.fromkeys(above, most), tuple(f"{name}={most}" for name in above)


def _named(endpoint: Endpoint, form: Form, body: Json) -> Json:
    """A converted request in the words that this model wants (quirks.toml)."""
    quirks = quirks_of(endpoint.model)
    if form == "chat" and quirks.limit != "max_tokens" and "max_tokens" in body:
        body[quirks.limit] = body.pop("max_tokens")
    if not quirks.temperature:
        body.pop("temperature", None)
    return body


def _signed(messages: list[Json]) -> list[Json]:
    """Without thinking of other vendors' models, which Anthropic's servers refuse: it has no signature."""
    return [
        {**turn, "content": [block for block in turn["content"] if not _unsigned(block)]}
        if isinstance(turn.get("content"), list)
        else turn
        for turn in messages
    ]


def _unsigned(block: object) -> bool:
    return isinstance(block, dict) and block.get("type") == "thinking" and not block.get("signature")


def _converted(ask: Ask, form: Form) -> tuple[Json, tuple[str, ...]]:
    try:
        return to_messages.converted(ask.body) if form == "messages" else to_chat.converted(ask.body)
    except Unconvertible as problem:
        raise Failed("refused", str(problem), broken=False) from None


def _headers(ask: Ask, form: Form, endpoint: Endpoint) -> dict[str, str]:
    """What of the client's headers goes on. Who asks is told to a factory server only."""
    made = {name.decode(): ask.headers[name].decode("latin-1") for name in PASSED if name in ask.headers}
    if form != ask.form:
        made = {}
    if form == "messages":
        made.setdefault("anthropic-version", ANTHROPIC_VERSION.decode())
    if endpoint.factory:
        said = {"role": ask.role, "run": ask.run, "session": ask.session, "effort": str(ask.effort)}
        made |= {f"x-factory-{name}": value for name, value in said.items() if value}
        made |= {name.decode(): ask.headers[name].decode("latin-1") for name in OURS if name in ask.headers}
        made["x-factory-ceiling"] = max(ask.ceiling, endpoint.tier, key=TIERS.index)  # by its name it may be above
    return made
