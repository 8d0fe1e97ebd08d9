"""Prompts as files: `prompts/<role>/<verb>.j2` becomes a system text, a user text and a hash.

A template's first line is a comment naming its variables; its two blocks, `system` (stable, so that a prefix cache
can hit) and `user`, are rendered from exactly those. What strangers or models wrote goes through `fence` or `line`.
"""

import functools
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from factory.contracts.errors import FactoryError
from factory.contracts.model import ToolSpec
from factory.contracts.record import Record, digest

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

_FIRST = re.compile(r"\{#\s*variables:([^#]*)#\}\s*$")
_IMPORTS = re.compile(r"""\{%[-+]?\s*(?:from|import|include|extends)\s+["']([^"']+)["']""")
_CHAT_TOKEN = re.compile(
    r"<(?=[|｜][^\s|｜<>]{2,40}[|｜]>|/?s>|(?:start|end)_of_turn>|/?(?:bos|eos|pad|unk|think|tool_call|tool_response)>"
    r"|/?<?/?SYS>)|\[(?=/?(?:INST|SYSTEM_PROMPT|TOOL_CALLS|AVAILABLE_TOOLS|TOOL_RESULTS)\])"
)


class PromptProblem(FactoryError):
    """A template and its facts do not fit: our bug, or an installation without its prompts."""

    exit_code = 3


class Rendered(Record):
    """One prompt. `hash` is of the template's source with all it imports, not of the facts."""

    system: str
    user: str
    hash: str


def folder() -> Path:
    """Where the prompts are: inside the wheel, else beside `factory/` in the repository."""
    inside = Path(__file__).parent / "_prompts"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "prompts"


def fence(text: str) -> str:
    """A line of tildes that `text` cannot contain: one longer than its longest run, at least four.

    A function of the text alone, so that the same facts give the same prompt and a replay can compare digests.
    """
    runs = re.findall(r"~{3,}", text)
    return "~" * (max(map(len, runs), default=3) + 1)


def tame(text: str) -> str:
    """Prose of strangers without chat templates' own tokens: `<|im_start|>` gets a space and stays readable."""
    return _CHAT_TOKEN.sub(lambda sign: f"{sign.group()} ", text)


def line(text: str) -> str:
    """Text on one line, whatever breaks lines in it, and without what looks like a line of tildes."""
    return re.sub(r"~{3,}", "~~", " ".join(text.split()))


def printable(text: str) -> str:
    """Text that UTF-8 can carry: a path's undecodable bytes become `\\udcXX` escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def plain(path: str) -> str:
    """A path fit for a prompt: one line, valid text."""
    return "".join(char if char.isprintable() else "?" for char in path)


def imported(source: str) -> tuple[str, ...]:
    """The templates that a template names. Not jinja's own parser: that takes longer than the rendering."""
    return tuple(_IMPORTS.findall(source))


class Prompts:
    """Renders the templates of one folder."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or folder()

    def render(self, template: str, **facts: object) -> Rendered:
        """`template` is `role/verb`. Raises PromptProblem when the facts are not exactly the template's variables."""
        from jinja2 import TemplateError, UndefinedError

        declared = set(self.variables(template))
        if declared != set(facts):
            odd = ", ".join(sorted(declared ^ set(facts)))
            raise PromptProblem(f"The prompt {template} and its caller disagree about: {odd}.")
        try:
            loaded = self._environment.get_template(f"{template}.j2")
            context = loaded.new_context(facts)
            parts = {name: "".join(block(context)) for name, block in loaded.blocks.items()}
        except (TemplateError, UndefinedError) as error:
            raise PromptProblem(f"The prompt {template} cannot be rendered: {error}.") from error
        system, user = (_squeeze(printable(parts.get(name, ""))) for name in ("system", "user"))
        return Rendered(system=system, user=user, hash=self.hash(template))

    def names(self) -> tuple[str, ...]:
        """All templates that can be rendered."""
        found = (path.relative_to(self.root) for path in self.root.rglob("*.j2"))
        return tuple(sorted(str(path.with_suffix("")) for path in found if path.parts[0] != "_shared"))

    def variables(self, template: str) -> tuple[str, ...]:
        """The variables that the first line names."""
        first = self._source(f"{template}.j2").partition("\n")[0]
        match = _FIRST.match(first)
        if match is None:
            raise PromptProblem(f"The first line of the prompt {template} must be a comment: {{# variables: a, b #}}.")
        return tuple(name.strip() for name in match.group(1).split(",") if name.strip())

    def used(self, template: str) -> frozenset[str]:
        """The variables that the template really reads."""
        from jinja2 import meta

        return frozenset(meta.find_undeclared_variables(self._environment.parse(self._source(f"{template}.j2"))))

    def hash(self, template: str) -> str:
        """SHA-256 over the template and everything it imports, in order of name."""
        names = sorted(self._needs(f"{template}.j2", set()))
        return digest("\0".join(f"{name}\0{self._source(name)}" for name in names))

    def tools(self) -> tuple[ToolSpec, ...]:
        """The tools of the loop as models are told of them (`_shared/tools.json`)."""
        return tuple(ToolSpec.model_validate(tool) for tool in json.loads(self._source("_shared/tools.json")))

    def _needs(self, name: str, seen: set[str]) -> set[str]:
        seen.add(name)
        for other in imported(self._source(name)):
            if other not in seen:
                self._needs(other, seen)
        return seen

    def _source(self, name: str) -> str:
        try:
            return (self.root / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise PromptProblem(f"There is no prompt {name} in {self.root}: install the factory again.") from None

    @functools.cached_property
    def _environment(self) -> "SandboxedEnvironment":
        from jinja2 import FileSystemLoader, StrictUndefined
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(self.root),
            undefined=StrictUndefined,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters.update(fence=fence, line=line, tame=tame)
        return environment


def web_pages(root: Path) -> "SandboxedEnvironment":
    """Templates of web pages by the same engine: whatever is put in is escaped."""
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    loader = FileSystemLoader(root)
    return ImmutableSandboxedEnvironment(
        loader=loader,
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _squeeze(text: str) -> str:
    return text.strip() + "\n" if text.strip() else ""
