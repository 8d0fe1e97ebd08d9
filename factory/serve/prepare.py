"""A request made fit for one endpoint: its wire, its model's name, a limit on the answer, and usage to be counted."""

import json
from dataclasses import dataclass

from factory.contracts.model import Endpoint, Form
from factory.contracts.record import Json
from factory.llm.quirks import quirks_of
from factory.serve.ask import LIMITS, Ask, rewritten
from factory.serve.convert import to_chat, to_messages
from factory.serve.convert.problems import Unconvertible
from factory.serve.upstream import ANTHROPIC_VERSION, PATHS, Failed, forms_of

TWINS: dict[Form, Form] = {"chat": "messages", "messages": "chat"}  # what can be converted into what
PASSED = (b"anthropic-version", b"anthropic-beta", b"openai-beta")  # the client's headers that mean something upstream


@dataclass(slots=True)
class Prepared:
    """What is sent. `form` is the wire it is sent on; `limit` the most tokens of the answer."""

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
    limit, changes, changed = _limited(ask, endpoint, form)
    hide = False
    if form != ask.form:
        body, dropped = _converted(ask, form)
        changed = (*changed, *dropped)
    else:
        body = ask.body
    if ask.stream and form in ("chat", "completions"):
        options = body.get("stream_options")
        options = options if isinstance(options, dict) else {}
        if options.get("include_usage") is not True:
            changes = {**changes, "stream_options": {**options, "include_usage": True}}
            hide = form == ask.form
    model = endpoint.model or ask.model
    raw = (
        rewritten(ask, model, changes)
        if form == ask.form
        else json.dumps({**body, **changes, "model": model}, ensure_ascii=False, separators=(",", ":")).encode()
    )
    return Prepared(form, PATHS[form], raw, _headers(ask, form, endpoint), limit, changed, hide)


def _limited(ask: Ask, endpoint: Endpoint, form: Form) -> tuple[int, Json, tuple[str, ...]]:
    """A request without a limit gets the endpoint's; one above it is lowered, and told so."""
    names, asked = LIMITS[form], ask.limit()
    if not names:
        return 0, {}, ()
    if asked is None:
        name = quirks_of(endpoint.model).limit if form == "chat" else names[0]
        return endpoint.max_output, {name: endpoint.max_output}, ()
    if asked <= endpoint.max_output:
        return asked, {}, ()
    said = next((name for name in names if ask.body.get(name) == asked), names[0])
    return endpoint.max_output, {said: endpoint.max_output}, (f"{said}={endpoint.max_output}",)


def _converted(ask: Ask, form: Form) -> tuple[Json, tuple[str, ...]]:
    way = to_messages if form == "messages" else to_chat
    try:
        return way.request(ask.body), way.dropped(ask.body)
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
        made["x-factory-ceiling"] = ask.ceiling
    return made
