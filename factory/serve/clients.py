"""How existing clients are told to use the port: the files, the environment and the command of each, with tier routing.

Pure text: nothing is read or written here. `factory agents install` prints it, tests/clients runs the real clients on
it. Which tier does what is decided by the names of models: the gateway knows the five tiers by name.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from factory.contracts.errors import UsageProblem
from factory.contracts.model import Grade

KEY = "FACTORY_KEY"  # the environment variable that holds a person's key: it stands in no file


@dataclass(frozen=True, slots=True)
class Port:
    """What a client must know. `url` without /v1; the most tokens of a prompt with its answer, and of an answer."""

    url: str
    context: int
    output: int


@dataclass(frozen=True, slots=True)
class File:
    """`path` is where the client looks for it; ~ is the home folder."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Setup:
    """One client's. `environment`: values may name $FACTORY_KEY. `tiers`: what it does, and which tier does that."""

    client: str
    title: str
    files: tuple[File, ...]
    environment: dict[str, str]
    command: str
    tiers: tuple[tuple[str, Grade], ...]
    note: str = ""


def claude_code(port: Port) -> Setup:
    """Anthropic wire. `opusplan` plans with the model called opus and edits with the one called sonnet."""
    environment = {
        "ANTHROPIC_BASE_URL": port.url,
        "ANTHROPIC_DEFAULT_OPUS_MODEL": "deep-logic",
        "ANTHROPIC_DEFAULT_SONNET_MODEL": "deep-coder",
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": "fast",
        "CLAUDE_CODE_MAX_CONTEXT_TOKENS": str(port.context),
        "CLAUDE_CODE_MAX_OUTPUT_TOKENS": str(port.output),
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    }
    text = json.dumps({"model": "opusplan", "env": environment}, indent=2) + "\n"
    return Setup(
        client="claude-code",
        title="Claude Code",
        files=(File("~/.claude/settings.json", text),),
        environment={"ANTHROPIC_AUTH_TOKEN": f"${KEY}"},
        command="claude",
        tiers=(("plans (plan mode)", "deep-logic"), ("edits", "deep-coder"), ("searches, titles", "fast")),
        note="An endpoint of either wire will do: what speaks only chat is converted. ANTHROPIC_API_KEY must be unset.",
    )


def codex(port: Port) -> Setup:
    """OpenAI's responses wire, which is passed through only. A profile is a file of its own."""
    main = f"""\
model = "deep-coder"
review_model = "deep-logic"
model_provider = "factory"
model_context_window = {port.context}
model_auto_compact_token_limit = {port.context * 4 // 5}
web_search = "disabled"
check_for_update_on_startup = false

[model_providers.factory]
name = "Dark Factory"
base_url = {json.dumps(port.url + "/v1")}
env_key = "{KEY}"
wire_api = "responses"

[analytics]
enabled = false

[feedback]
enabled = false
"""
    files = [File("~/.codex/config.toml", main)]
    grades: dict[str, Grade] = {"plan": "deep-logic", "search": "fast"}
    files += [File(f"~/.codex/{name}.config.toml", f'model = "{grade}"\n') for name, grade in grades.items()]
    return Setup(
        client="codex",
        title="Codex CLI",
        files=tuple(files),
        environment={},
        command="codex                  # codex --profile plan, codex --profile search",
        tiers=(("plans (--profile plan), reviews", "deep-logic"), ("edits", "deep-coder"),
               ("searches (--profile search)", "fast")),
        note='Endpoints of these tiers must speak the responses wire, as vLLM does: `speaks = ["chat", "responses"]`.',
    )  # fmt: skip


def aider(port: Port) -> Setup:
    """OpenAI wire. The architect plans, the editor writes the edits, the weak model writes commit messages."""
    main = f"""\
openai-api-base: {json.dumps(port.url + "/v1")}
architect: true
model: openai/deep-logic
editor-model: openai/deep-coder
weak-model: openai/fast
editor-edit-format: editor-diff
show-model-warnings: false
analytics-disable: true
check-update: false
"""
    known: dict[str, object] = {"litellm_provider": "openai", "mode": "chat", "max_tokens": port.output}
    known |= {"max_input_tokens": port.context - port.output, "max_output_tokens": port.output}
    grades: tuple[Grade, ...] = ("deep-logic", "deep-coder", "fast")
    models = ",\n".join(f'  "openai/{grade}": {json.dumps(known)}' for grade in grades)
    return Setup(
        client="aider",
        title="aider",
        files=(
            File("~/.aider.conf.yml", main),
            File("~/.aider.model.metadata.json", f"{{\n{models}\n}}\n"),
        ),
        environment={"OPENAI_API_KEY": f"${KEY}", "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        command="aider",
        tiers=(("plans (architect)", "deep-logic"), ("edits (editor)", "deep-coder"), ("commit messages", "fast")),
        note="`--no-architect --model openai/deep-coder --edit-format diff`: one model does both, in one call.",
    )


def mini_swe_agent(port: Port) -> Setup:
    """OpenAI wire, through LiteLLM's library. It has one model for everything."""
    main = f"""\
model:
  model_name: openai/deep-coder
  cost_tracking: ignore_errors
  model_kwargs:
    api_base: {json.dumps(port.url + "/v1")}
    max_tokens: {port.output}
"""
    return Setup(
        client="mini-swe-agent",
        title="mini-swe-agent",
        files=(File("~/.config/mini-swe-agent/factory.yaml", main),),
        environment={
            "OPENAI_API_KEY": f"${KEY}", "MSWEA_CONFIGURED": "true", "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        },
        command="mini -c mini.yaml -c ~/.config/mini-swe-agent/factory.yaml",
        tiers=(("everything", "deep-coder"),),
        note="`-m openai/deep-logic` for a hard task, `-m openai/fast` for an easy one. "
        "LiteLLM 1.106 needs the package `mcp` beside it for tool calls.",
    )  # fmt: skip


def continue_dev(port: Port) -> Setup:
    """OpenAI wire. Models are chosen by role; `cn` and the editors read the same file."""
    parts = ["name: Dark Factory\nversion: 1.0.0\nschema: v1\nmodels:\n"]
    roles: dict[Grade, str] = {
        "deep-coder": "chat, edit, apply",
        "deep-logic": "chat",
        "fast": "autocomplete, summarize",
    }
    for grade, does in roles.items():
        parts.append(f"""\
  - name: {grade}
    provider: openai
    model: {grade}
    apiBase: {json.dumps(port.url + "/v1")}
    apiKey: ${{{{ secrets.{KEY} }}}}
    roles: [{does}]
    capabilities: [tool_use]
    defaultCompletionOptions: {{contextLength: {port.context}, maxTokens: {port.output}}}
""")
    return Setup(
        client="continue",
        title="Continue (editors and `cn`)",
        files=(File("~/.continue/config.yaml", "".join(parts)),),
        environment={"CONTINUE_TELEMETRY_ENABLED": "0"},
        command="cn --config ~/.continue/config.yaml",
        tiers=(("plans (choose deep-logic)", "deep-logic"), ("edits", "deep-coder"), ("completes", "fast")),
        note=f"Editors take the key from a line `{KEY}=...` in `~/.continue/.env`, `cn` from the environment.",
    )


CLIENTS: dict[str, Callable[[Port], Setup]] = {
    "aider": aider,
    "claude-code": claude_code,
    "codex": codex,
    "continue": continue_dev,
    "mini-swe-agent": mini_swe_agent,
}


def setup(client: str, port: Port) -> Setup:
    """Raises UsageProblem for a client that is not known."""
    if client not in CLIENTS:
        raise UsageProblem(f"There is no client {client!r}: choose from {', '.join(CLIENTS)}.")
    return CLIENTS[client](port)
