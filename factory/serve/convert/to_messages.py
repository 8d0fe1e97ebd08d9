"""A chat-completions request as a messages request, for a server that speaks only the latter.

What the messages wire is known to have no word for is refused, unless it asks for nothing (`n: 1`) or is a hint that
changes no answer (where a cache is kept, what it is billed to); hints are left out and named by `dropped`. A field that
nobody here knows goes on as it is: the server may be newer than this, or have words of its own.
"""

from factory.contracts.record import Json
from factory.serve.convert import effort
from factory.serve.convert.fields import ASKED, Dropped, shown
from factory.serve.convert.problems import Unconvertible
from factory.serve.convert.turns_to_messages import turns_of

DEFAULT_MAX_TOKENS = 8_192  # the messages wire insists on a limit
WARMEST = 1.0  # the vendor's own chat endpoint caps the temperature there too
SAME = ("model", "stream", "top_p", "top_k", "chat_template_kwargs")  # the last two are words of local servers
READ = (
    *SAME, "messages", "temperature", "max_tokens", "max_completion_tokens", "stop", "stream_options", "tools",
    "tool_choice", "parallel_tool_calls", "response_format", "reasoning_effort", "user", "safety_identifier",
)  # fmt: skip
HINTS = (
    "metadata", "store", "seed", "service_tier", "prediction", "prompt_cache_key", "prompt_cache_retention",
    "prompt_cache_options",
)  # fmt: skip
IDLE: dict[str, tuple[object, ...]] = {
    "n": (1,), "logprobs": (False,), "top_logprobs": (0,), "frequency_penalty": (0,), "presence_penalty": (0,),
    "logit_bias": ({},), "modalities": (["text"],), "verbosity": ("medium",), "functions": ([],),
    "function_call": ("none", "auto"),
}  # fmt: skip
REFUSED = (*IDLE, "audio", "web_search_options")
NO_SCHEMA: Json = {"type": "object", "properties": {}}


def request(body: Json) -> Json:
    """The messages request. Raises Unconvertible."""
    return converted(body)[0]


def dropped(body: Json) -> tuple[str, ...]:
    """The fields that are left out or lowered. Raises Unconvertible."""
    return converted(body)[1]


def converted(body: Json) -> tuple[Json, tuple[str, ...]]:
    """Both at once."""
    left: Dropped = {}
    _look_for_more(body, left)
    known = {*READ, *HINTS, *REFUSED}
    made = {name: body[name] for name in body if body[name] is not None and (name in SAME or name not in known)}
    made["max_tokens"] = _limit(body)
    system, made["messages"] = turns_of(body.get("messages"), left)
    if system:
        made["system"] = system[0]["text"] if [block.keys() for block in system] == [{"type", "text"}] else system
    _sampling(body, made, left)
    _tools(body, made, left)
    _output(body, made, left)
    user = body.get("safety_identifier") or body.get("user")
    if user is not None:
        made["metadata"] = {"user_id": ASKED.text(user, "user")}
    return made, tuple(left)


def _look_for_more(body: Json, left: Dropped) -> None:
    """Refuses what asks for something that cannot be had."""
    for name, value in ASKED.mapping(body, "the request").items():
        if value is None or name in READ or value in IDLE.get(name, ()):
            continue
        if name in REFUSED:
            raise Unconvertible(f"{shown(name)} with this value has no counterpart on the messages wire.")
        if name in HINTS:
            left[name] = None


def _limit(body: Json) -> int:
    for name in ("max_completion_tokens", "max_tokens"):
        if body.get(name) is not None:
            return ASKED.count(body[name], name)
    return DEFAULT_MAX_TOKENS


def _sampling(body: Json, made: Json, left: Dropped) -> None:
    warmth = body.get("temperature")
    if warmth is not None:
        if isinstance(warmth, bool) or not isinstance(warmth, int | float):
            raise Unconvertible("temperature is not a number.")
        if warmth > WARMEST:
            left["temperature"] = None
        made["temperature"] = min(warmth, WARMEST)
    stop = body.get("stop")
    if stop:
        stops = [stop] if isinstance(stop, str) else stop
        if not isinstance(stops, list) or not all(isinstance(word, str) and word.strip() for word in stops):
            raise Unconvertible("stop is not a list of strings that hold more than white space.")
        made["stop_sequences"] = list(stops)


def _tools(body: Json, made: Json, left: Dropped) -> None:
    tools = [_tool(tool, f"tools[{at}]") for at, tool in enumerate(ASKED.mappings(body.get("tools"), "tools"))]
    if tools:
        made["tools"] = tools
    choice = _choice(body.get("tool_choice"))
    if body.get("parallel_tool_calls") is False and tools and choice.get("type") != "none":
        choice = {**(choice or {"type": "auto"}), "disable_parallel_tool_use": True}
    if choice:
        made["tool_choice"] = choice


def _tool(tool: Json, where: str) -> Json:
    if tool.get("type") != "function":
        raise Unconvertible(f"{where}.type {shown(tool.get('type'))} has no counterpart on the messages wire.")
    function = ASKED.mapping(tool.get("function"), f"{where}.function")
    made: Json = {"name": ASKED.text(function.get("name"), f"{where}.function.name")}
    if described := ASKED.words(function.get("description"), f"{where}.function.description"):
        made["description"] = described
    schema = function.get("parameters")
    made["input_schema"] = ASKED.mapping(schema, f"{where}.function.parameters") if schema else NO_SCHEMA
    if "type" not in made["input_schema"]:
        made["input_schema"] = {"type": "object", **made["input_schema"]}
    if function.get("strict"):
        made["strict"] = True
    if tool.get("cache_control") is not None:
        made["cache_control"] = tool["cache_control"]
    return made


def _choice(choice: object) -> Json:
    """`tool_choice`; {} where nothing was said."""
    if choice is None:
        return {}
    words = {"none": "none", "auto": "auto", "required": "any"}
    if isinstance(choice, str) and choice in words:
        return {"type": words[choice]}
    if isinstance(choice, dict) and choice.get("type") == "function":
        function = ASKED.mapping(choice.get("function"), "tool_choice.function")
        return {"type": "tool", "name": ASKED.text(function.get("name"), "tool_choice.function.name")}
    raise Unconvertible("tool_choice is neither none, auto, required nor a function by its name.")


def _output(body: Json, made: Json, left: Dropped) -> None:
    config: Json = {}
    if body.get("reasoning_effort") is not None:
        thinking, word = effort.thinking_of(body["reasoning_effort"])
        if not word or made.get("tool_choice", {}).get("type") not in ("any", "tool"):
            made["thinking"] = thinking  # the wire refuses it beside a tool that must be called; the effort stays
        config |= {"effort": word} if word else {}
    if body.get("response_format") is not None:
        config |= _format(body["response_format"], left)
    if config:
        made["output_config"] = config


def _format(value: object, left: Dropped) -> Json:
    wanted = ASKED.mapping(value, "response_format")
    kind = ASKED.kind(wanted, "response_format")
    if kind == "text":
        return {}
    if kind != "json_schema":
        raise Unconvertible(
            f"response_format {shown(kind)} has no counterpart on the messages wire: send a json_schema."
        )
    named = ASKED.mapping(wanted.get("json_schema"), "response_format.json_schema")
    if named.get("description"):
        left["response_format.json_schema.description"] = None
    return {"format": {"type": "json_schema", "schema": ASKED.mapping(named.get("schema"), "response_format's schema")}}
