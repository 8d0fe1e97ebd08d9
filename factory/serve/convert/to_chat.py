"""A messages request as a chat-completions request, for a server that speaks only the latter.

Tools that the other vendor's servers run are refused; what only concerns caching, billing or diagnosis is left out and
named by `dropped`. A field that nobody here knows goes on as it is. The limit is called `max_tokens`, which local
servers understand.
"""

from factory.contracts.record import Json
from factory.serve.convert import effort
from factory.serve.convert.fields import ASKED, Dropped, shown
from factory.serve.convert.problems import Unconvertible
from factory.serve.convert.turns_to_chat import BETWEEN, system_of, turns_of

SAME = ("model", "max_tokens", "stream", "temperature", "top_p", "top_k", "chat_template_kwargs")
READ = (
    *SAME, "messages", "system", "stop_sequences", "tools", "tool_choice", "thinking", "output_config",
    "output_format", "metadata",
)  # fmt: skip
HINTS = (
    "cache_control", "service_tier", "speed", "diagnostics", "user_profile_id", "workspace_id", "context_management",
    "betas",
)  # fmt: skip
IDLE: dict[str, tuple[object, ...]] = {"mcp_servers": ([],)}
REFUSED = (*IDLE, "container", "inference_geo", "fallbacks")
TOOL_HINTS = ("cache_control", "defer_loading", "eager_input_streaming", "input_examples")
SCHEMA_NAME = "answer"  # the chat wire wants one


def request(body: Json) -> Json:
    """The chat request. Raises Unconvertible."""
    return converted(body)[0]


def dropped(body: Json) -> tuple[str, ...]:
    """The fields that are left out. Raises Unconvertible."""
    return converted(body)[1]


def converted(body: Json) -> tuple[Json, tuple[str, ...]]:
    """Both at once."""
    left: Dropped = {}
    _look_for_more(body, left)
    known = {*READ, *HINTS, *REFUSED}
    made = {name: body[name] for name in body if body[name] is not None and (name in SAME or name not in known)}
    leading, turns = turns_of(body.get("messages"), left)
    system = BETWEEN.join(filter(None, (system_of(body.get("system"), left), leading)))
    made["messages"] = [*([{"role": "system", "content": system}] if system else []), *turns]
    if body.get("stream"):
        made["stream_options"] = {"include_usage": True}
    if stops := body.get("stop_sequences"):
        if not isinstance(stops, list) or not all(isinstance(word, str) for word in stops):
            raise Unconvertible("stop_sequences is not a list of strings.")
        made["stop"] = list(stops)
    _tools(body, made, left)
    _output(body, made, left)
    if body.get("metadata") is not None:
        user = ASKED.words(ASKED.mapping(body["metadata"], "metadata").get("user_id"), "metadata.user_id")
        made |= {"user": user} if user else {}
    return made, tuple(left)


def _look_for_more(body: Json, left: Dropped) -> None:
    """Refuses what asks for something that cannot be had."""
    for name, value in ASKED.mapping(body, "the request").items():
        if value is None or name in READ or value in IDLE.get(name, ()):
            continue
        if name in REFUSED:
            raise Unconvertible(f"{shown(name)} has no counterpart on the chat wire.")
        if name in HINTS:
            left[name] = None


def _tools(body: Json, made: Json, left: Dropped) -> None:
    tools = [_tool(tool, f"tools[{at}]", left) for at, tool in enumerate(ASKED.mappings(body.get("tools"), "tools"))]
    if tools:
        made["tools"] = tools
    if body.get("tool_choice") is None:
        return
    choice = ASKED.mapping(body["tool_choice"], "tool_choice")
    made["tool_choice"] = _choice(choice)
    if choice.get("disable_parallel_tool_use"):
        made["parallel_tool_calls"] = False


def _tool(tool: Json, where: str, left: Dropped) -> Json:
    if tool.get("type") not in (None, "custom"):
        raise Unconvertible(f"{where}.type {shown(tool['type'])} is a tool of the messages wire's own servers.")
    callers = tool.get("allowed_callers")
    if callers is not None and not (isinstance(callers, list) and "direct" in callers):
        raise Unconvertible(f"{where}.allowed_callers leaves the tool to a server that the chat wire has not.")
    left.update({f"tools.{name}": None for name in TOOL_HINTS if tool.get(name) not in (None, False)})
    function: Json = {"name": ASKED.text(tool.get("name"), f"{where}.name")}
    if described := ASKED.words(tool.get("description"), f"{where}.description"):
        function["description"] = described
    function["parameters"] = ASKED.mapping(tool.get("input_schema"), f"{where}.input_schema")
    if tool.get("strict"):
        function["strict"] = True
    return {"type": "function", "function": function}


def _choice(choice: Json) -> object:
    words = {"auto": "auto", "any": "required", "none": "none"}
    kind = ASKED.kind(choice, "tool_choice")
    if kind == "tool":
        return {"type": "function", "function": {"name": ASKED.text(choice.get("name"), "tool_choice.name")}}
    if kind not in words:
        raise Unconvertible(f"tool_choice.type {shown(kind)} has no counterpart on the chat wire.")
    return words[kind]


def _output(body: Json, made: Json, left: Dropped) -> None:
    config = ASKED.mapping(body.get("output_config") or {}, "output_config")
    left.update({f"output_config.{name}": None for name in ("task_budget",) if config.get(name) is not None})
    if more := config.keys() - {"effort", "format", "task_budget"}:
        raise Unconvertible(f"output_config.{min(more)[:60]} has no counterpart on the chat wire.")
    word = effort.effort_of(body.get("thinking"), config.get("effort"), left)
    if word:
        made["reasoning_effort"] = word
    wanted = config.get("format") or body.get("output_format")  # the latter is its older place
    if wanted is None:
        return
    wanted = ASKED.mapping(wanted, "output_config.format")
    if (kind := ASKED.kind(wanted, "output_config.format")) != "json_schema":
        raise Unconvertible(f"output_config.format.type {shown(kind)} has no counterpart on the chat wire.")
    schema = ASKED.mapping(wanted.get("schema"), "output_config.format.schema")
    named = {"name": SCHEMA_NAME, "schema": schema, "strict": True}
    made["response_format"] = {"type": "json_schema", "json_schema": named}
