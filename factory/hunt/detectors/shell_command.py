"""Commands that a shell reads: put together from values, or taken from elsewhere.

How sure that is follows where the values come from. Only a request's are evidence: an application's functions are
called by itself alone, so that their parameters (0.55) and all other values (0.5) are below the default, to be read.
"""

import ast
import re
from collections.abc import Iterator

from factory.hunt.detector import Detector, Hit
from factory.hunt.names import calls, full, keyword, text_of, value_of, written
from factory.hunt.script.keep import kept
from factory.hunt.source import Source
from factory.hunt.texts import Part, is_harmless, parts_of
from factory.hunt.tooling import is_tooling
from factory.hunt.traced import Origin, origin

_ALWAYS = frozenset(
    "os.system os.popen subprocess.getoutput subprocess.getstatusoutput asyncio.create_subprocess_shell "
    "asyncio.subprocess.create_subprocess_shell commands.getoutput".split()
)
_MAYBE = frozenset(f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output", "Popen"))
_SHELLS = frozenset(("sh", "bash", "/bin/sh", "/bin/bash", "zsh", "cmd", "cmd.exe"))
_SURE: dict[Origin, float] = {"outside": 0.9, "parameter": 0.55}
_WEAK = 0.5
_COMMAND = re.compile(
    r"(?i)(?:^|_)(?:cmd|cmds|cmdline|command|commands|script|line|shell|exe|executable|binary|bin|program|prog|editor|pager"
    r"|browser|tool|prefix|suffix|options?|opts?|flags?|args?|arguments|params?|extra|env|redirect|python|interpreter)$"
)  # what the caller means as shell text
_STARTS = re.compile(r"(?:^|[;&|(`]|\$\(|\bsudo|\bexec|\bnohup)\s*[\"']?$")  # a program stands there
_WINDOWS = re.compile(r"win32|Windows|os\.name")
_FIX = "Pass a list of arguments without `shell=True`; where a shell must be, put `shlex.quote()` around each value."


def _look(source: Source) -> Iterator[Hit]:
    if source.language != "python":
        return
    for call, name in calls(source):
        command = _command(call, name)
        if command is not None:
            hit = _judged(source, call, name, command)
            if hit:
                yield hit


def _command(call: ast.Call, name: str) -> ast.expr | None:
    """What a shell will read, if this call starts one."""
    first = call.args[0] if call.args else keyword(call, "args") or keyword(call, "cmd")
    if name in _ALWAYS:
        return first
    if name not in _MAYBE:
        return None
    shell = keyword(call, "shell")
    if isinstance(shell, ast.Constant) and shell.value is True:
        return first
    if isinstance(first, ast.List) and len(first.elts) >= 3:  # ["sh", "-c", command]
        words = [text_of(each) for each in first.elts[:2]]
        if words[0] in _SHELLS and words[1] in ("-c", "-ec", "-lc", "/c", "/C"):
            return first.elts[2]
    return None


def _judged(source: Source, call: ast.Call, name: str, command: ast.expr) -> Hit | None:
    value = value_of(source, command)
    what = f"`{name.rpartition('.')[2]}` gives a shell a command"
    parts = parts_of(source, value)
    if parts is not None:
        return _built(source, call, what, parts)
    if isinstance(value, ast.Constant):
        return Hit(source.path, call.lineno, f"{what}, always the same one", severity="low", confidence=0.4, fix=_FIX)
    if isinstance(value, ast.List | ast.Tuple):
        meant = source.has(_WINDOWS) or is_tooling(source.path) or len(value.elts) < 2
        return Hit(source.path, call.lineno, f"{what}'s first word only: with `shell=True` the rest of a list is lost",
                   severity="medium", confidence=_WEAK if meant else 0.85, fix="Leave `shell=True` out.")  # fmt: skip
    if _is_quoted(source, value) or is_harmless(source, value):
        return None
    outside = origin(source, command) == "outside"
    return Hit(source.path, call.lineno, f"{what} that comes from elsewhere: {ast.unparse(command)[:40]}",
               severity="high" if outside else "medium", confidence=0.9 if outside else _WEAK, fix=_FIX)  # fmt: skip


def _built(source: Source, call: ast.Call, what: str, parts: list[Part]) -> Hit | None:
    open_ones = [part.node for part in parts if part.node is not None and not _is_safe(source, part)]
    if not open_ones:
        return None
    sure = max((_SURE.get(origin(source, node), _WEAK) for node in _words(parts) if node in open_ones), default=_WEAK)
    names = ", ".join(dict.fromkeys(ast.unparse(node)[:40] for node in open_ones))
    return Hit(source.path, call.lineno, f"{what} that is put together from {names}", severity="high",
               confidence=_WEAK if is_tooling(source.path) else sure, fix=_FIX)  # fmt: skip


def _words(parts: list[Part]) -> Iterator[ast.expr]:
    """What is meant as one word of the command: neither the program nor a piece of shell."""
    before = ""
    for part in parts:
        if part.node is not None:
            name = written(part.node).rpartition(".")[2]
            if not _STARTS.search(before) and not _COMMAND.search(name):
                yield part.node
        before += part.text or "x"


def _is_safe(source: Source, part: Part) -> bool:
    return part.node is None or is_harmless(source, part.node) or _is_quoted(source, value_of(source, part.node))


def _is_quoted(source: Source, node: ast.expr) -> bool:
    """`shlex.quote(x)`, `shlex.join(words)`, `" ".join(map(shlex.quote, words))` and the like."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name | ast.Attribute):
            name = full(source, each) or written(each)
            if name in ("shlex.quote", "shlex.join", "pipes.quote", "subprocess.list2cmdline", "sys.executable"):
                return True
    return False


DETECTOR = Detector(
    id="shell-command",
    title="A command for a shell, made of values",
    why="A space, a quote or `; rm -rf` in a value becomes part of the command. Start the program itself with a list "
    "of arguments.",
    severity="high",
    confidence=0.55,
    category="CWE-78",
    languages=("python", "javascript", "typescript", "tsx"),
    codes={"ast-grep": ("js-shell-command", "js-shell-option")},
    keep=kept,
    look=_look,
)
