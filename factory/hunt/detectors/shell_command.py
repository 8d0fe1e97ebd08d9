"""Commands that a shell reads: put together from values, or taken from elsewhere."""

import ast
from collections.abc import Iterator

from factory.hunt.detector import Detector, Hit
from factory.hunt.names import calls, full, keyword, text_of, value_of, written
from factory.hunt.script.keep import kept
from factory.hunt.source import Source
from factory.hunt.texts import Part, is_harmless, parts_of

_ALWAYS = frozenset(
    "os.system os.popen subprocess.getoutput subprocess.getstatusoutput asyncio.create_subprocess_shell "
    "asyncio.subprocess.create_subprocess_shell commands.getoutput".split()
)
_MAYBE = frozenset(f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output", "Popen"))
_SHELLS = frozenset(("sh", "bash", "/bin/sh", "/bin/bash", "zsh", "cmd", "cmd.exe"))
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
        if all(_is_safe(source, part) for part in parts):
            return None
        names = ", ".join(dict.fromkeys(ast.unparse(part.node)[:40] for part in parts if not _is_safe(source, part)
                                        and part.node))  # fmt: skip
        return Hit(source.path, call.lineno, f"{what} that is put together from {names}", severity="high",
                   confidence=0.9, fix=_FIX)  # fmt: skip
    if isinstance(value, ast.Constant):
        return Hit(source.path, call.lineno, f"{what}, always the same one", severity="low", confidence=0.4, fix=_FIX)
    if isinstance(value, ast.List | ast.Tuple):
        return Hit(source.path, call.lineno, f"{what}'s first word only: with `shell=True` the rest of a list is lost",
                   severity="medium", confidence=0.85, fix="Leave `shell=True` out.")  # fmt: skip
    if _is_quoted(source, value) or is_harmless(source, value):
        return None
    return Hit(source.path, call.lineno, f"{what} that comes from elsewhere: {ast.unparse(command)[:40]}",
               severity="medium", confidence=0.55, fix=_FIX)  # fmt: skip


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
    confidence=0.9,
    category="CWE-78",
    languages=("python", "javascript", "typescript", "tsx"),
    codes={"ast-grep": ("js-shell-command", "js-shell-option")},
    keep=kept,
    look=_look,
)
