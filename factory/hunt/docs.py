"""What documentation says that the tree contradicts, in Markdown: links, commands, options, ports, variables.

Each check asks for two things: that the documentation speaks of this tree (its own command, its own prefix, a folder
that is there), and that nothing else in the tree knows of what it says.
"""

import json
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote

from factory.hunt.detector import Hit
from factory.hunt.ground import LOCKS, Ground
from factory.hunt.source import Source

# What speaks of the past, of other projects, or is filled in later.
_APART = re.compile(
    r"(^|/)(change(s|log)|history|news|releas(e|es|ing)|migrat\w*|upgrad\w*|authors|contributors|todo|roadmap|whatsnew)[\w.\-]*"
    r"\.(md|markdown|mdx)$|(^|/)(changelogs?|news|release-?notes|migrations?|templates?|\.changeset|rfcs?|adr|decisions|blog|posts?"
    r"|archive|proposals?|_?includes?|_?partials?|versioned_docs|fixtures?|node_modules|_posts|legacy|v\d+|snippets|i18n|locales?|translations?)/"
    r"|(^|/)(pull_request_template|issue_template)[\w./\-]*|\.github/issue_template/",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"(?i)\b(removed|deprecated|no longer|formerly|previously|used to|renamed|legacy|old|instead of|obsolete)\b"
)
_LINK = re.compile(r"(?<!\\)(?:(?<=!)\[\]|\[[^\]\[]+\])\(\s*<?([^)\s>]+)>?(?:\s+[\"'(][^)]*)?\)")
_FENCE = re.compile(r"^\s{0,3}(```+|~~~+)\s*([\w\-]*)")
_SHELLS = frozenset(("", "sh", "bash", "shell", "console", "zsh", "shell-session", "terminal", "cmd"))
_MAKE = re.compile(r"^make\s+((?:[A-Z_]+=\S+\s+)*)([a-z][\w\-]*)\s*(?:$|#|&&|;|[A-Z_]+=)")
_NPM = re.compile(r"^(?:npm|pnpm)\s+run\s+(?:-\S+\s+)*([\w:\-.]+)")
_SCRIPT = re.compile(
    r"^(?:python3?|bash|sh|node|uv run(?: python)?)\s+(?:\./)?((?:[\w.\-]+/)+[\w.\-]+\.(?:py|sh|m?js|ts))\b"
)
_MODULE = re.compile(r"^(?:uv run )?python3?\s+-m\s+([a-zA-Z_]\w*(?:\.\w+)+)\b")
_DOCKER_PORT = re.compile(r"^docker\s+run\b.*?\s(?:-p|--publish)[ =](?:[\d.]+:)?\d+:(\d+)\b")
_EXPORT = re.compile(r"^(?:export|set)\s+([A-Z][A-Z0-9]*_[A-Z0-9_]+)=|^([A-Z][A-Z0-9]*_[A-Z0-9_]+)=\S*\s+\S")
_FLAG = re.compile(r"(?<=\s)--(?!some|your|my-|other)([a-z][a-z0-9]+(?:-[a-z0-9]+)*)(?=[\s=]|$)")
_OTHERS = frozenset(
    "NODE NPM IMAGE DOCKER AWS GITHUB CI PYTHON PIP JAVA GIT HTTP HTTPS SSL XDG POSTGRES MYSQL REDIS KUBE VITE".split()
)  # whose variables they are
LONGEST, WHOLE = 1000, 1 << 20  # characters of a line


class Command(NamedTuple):
    line: int
    text: str  # without its prompt


class Tree:
    """What the tree has, as far as documentation speaks of it. Each part is read when it is first asked for."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground

    def _texts(self, pattern: str, longest: int = LONGEST) -> Iterator[str]:
        """Files by name, without lines that no person wrote: a search in them may take for ever."""
        for path in self.ground.paths:
            if re.search(pattern, path):
                lines = self.ground.source(path).text.split("\n")
                yield "\n".join(line for line in lines if len(line) <= longest)

    @cached_property
    def targets(self) -> frozenset[str] | None:
        """Of every Makefile; None when there is none, or one that others could add to."""
        texts = list(self._texts(r"(^|/)(GNU)?[Mm]akefile$|\.mk$"))
        if not texts or any(
            re.search(r"^[^\t#\n]*%[^\n]*:|^-?include\s+\S*[$*]|\$\(eval|\$\(foreach", text, re.M) for text in texts
        ):
            return None
        rows = [row for text in texts for row in re.findall(r"^([^\t#=\n][^=\n]*?)::?(?!=)", text, re.M)]
        return frozenset(word for row in rows for word in row.split())

    @cached_property
    def scripts(self) -> frozenset[str] | None:
        """npm's, of every package.json."""
        found: set[str] = set()
        texts = list(self._texts(r"(^|/)package\.json$", WHOLE))
        for text in texts:
            try:
                found |= set(json.loads(text).get("scripts", {}))
            except (ValueError, TypeError, AttributeError, RecursionError):
                return None
        return frozenset(found) if texts else None

    @cached_property
    def commands(self) -> frozenset[str]:
        """Programs that this tree installs."""
        found: set[str] = set()
        for text in self._texts(r"^([\w\-]+/)?pyproject\.toml$"):
            for table in re.findall(
                r"^\[(?:project|tool\.poetry)\.scripts\]\n((?:[^\[\n].*\n|\n)*)", text + "\n", re.M
            ):
                found |= set(re.findall(r"^\"?([\w\-]+)\"?\s*=", table, re.M))
        for text in self._texts(r"(^|/)package\.json$", WHOLE):
            try:
                programs = json.loads(text).get("bin", {})
                found |= set(programs) if isinstance(programs, dict) else set()
            except (ValueError, TypeError, AttributeError, RecursionError):
                continue
        return frozenset(name for name in found if len(name) > 2)

    @cached_property
    def exposed(self) -> frozenset[str]:
        """Ports of EXPOSE lines; none when one of them is a variable."""
        rows = [
            row
            for text in self._texts(r"(^|/)[\w.\-]*Dockerfile[\w.\-]*$")
            for row in re.findall(r"^EXPOSE\s+(.+)$", text, re.M)
        ]
        return frozenset() if any("$" in row for row in rows) else frozenset(re.findall(r"\d+", " ".join(rows)))

    @cached_property
    def modules(self) -> frozenset[str]:
        """Folders that Python code lies in: `a/b` for `a.b`, from where it is imported, src/ and the like left off."""
        folders = {path.rpartition("/")[0] for path in self.ground.paths if path.endswith(".py")}
        return frozenset(part for folder in folders for part in (folder, folder.partition("/")[2]) if part)

    def mentions(self, needle: str) -> bool:
        """Whether anything that is no prose has this text."""
        wanted = needle.encode()
        for path in self.ground.paths:
            name = PurePosixPath(path)
            if name.suffix.lower() in (".md", ".markdown", ".mdx", ".rst") or name.name in LOCKS:
                continue
            if wanted in (self.ground.root / path).read_bytes():
                return True
        return False


def contradictions(ground: Ground) -> Iterator[Hit]:
    tree = Tree(ground)
    for path in ground.paths:
        if path.lower().endswith((".md", ".markdown")) and not _APART.search(path) and not Source(path, b"").is_test:
            source = ground.source(path)
            yield from _links(tree, source)
            own = _is_own(source)
            for command in _commands(source):
                yield from _command(tree, source, command, own)


def _links(tree: Tree, source: Source) -> Iterator[Hit]:
    """Relative links to files. Those without a suffix, to pages and above the tree are a site's affair."""
    fence = ""
    for number, line in enumerate(source.lines, 1):
        if mark := _FENCE.match(line):
            fence = "" if fence and line.strip().startswith(fence) else fence or mark[1]
            continue
        if fence or len(line) > 5000:
            continue
        for match in _LINK.finditer(re.sub(r"`[^`]*`", "", line)):
            target = _file(source.path, match[1])
            if target and not tree.ground.holds(target) and not _submodule(tree, target):
                yield _hit(source, number, f"The link leads to {target[:120]}, which is not in the tree", match[1])


def _file(path: str, link: str) -> str:
    """The file that a link means, from the root; "" for what is no plain relative path with a suffix."""
    if re.match(r"[a-z][a-z0-9+.\-]*:|//|#|/|\?|@|~", link, re.IGNORECASE) or re.search(r"[{}<>$*|\\]|\.\.\.", link):
        return ""
    name = unquote(re.split(r"[#?]", link, maxsplit=1)[0])
    parts: list[str] = list(PurePosixPath(path).parent.parts)
    for part in name.split("/"):
        if part == ".." and not parts:
            return ""  # above the tree: GitHub's own pages
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    suffix = PurePosixPath(name).suffix.lower()
    plain = re.fullmatch(r"\.[a-z]\w{0,9}", suffix)  # a version's last number is none
    return "/".join(parts) if plain and suffix not in (".html", ".htm", ".com", ".org", ".io", ".net", ".svg") else ""


def _submodule(tree: Tree, target: str) -> bool:
    """Beneath a link or a submodule nothing is known."""
    return any(target.startswith(f"{other}/") for other in tree.ground.others) or any(
        part in ("node_modules", "target", "dist", "build", "out", "_build") for part in target.split("/")
    )


def _commands(source: Source) -> Iterator[Command]:
    """Lines of fenced blocks of a shell, and inline code that starts like one."""
    fence, shell, number = "", False, 0
    for number, line in enumerate(source.lines, 1):
        if mark := _FENCE.match(line):
            if fence:
                fence = "" if line.strip().startswith(fence) else fence
            else:
                fence, shell = mark[1], mark[2].lower() in _SHELLS
            continue
        if _PAST.search(line) or len(line) > 2000:
            continue
        if fence and shell:
            yield Command(number, re.sub(r"^\s*(\$|>|%)?\s*", "", line).rstrip(" \\"))
        elif not fence:
            yield from (Command(number, code.strip()) for code in re.findall(r"(?<!`)`([^`]+)`(?!`)", line))


def _command(tree: Tree, source: Source, command: Command, own: bool) -> Iterator[Hit]:
    text = command.text
    if (match := _MAKE.match(text)) and tree.targets is not None and match[2] not in tree.targets:
        yield _hit(source, command.line, f"No Makefile has the target {match[2]}", text)
    if own and (match := _NPM.match(text)) and tree.scripts is not None and match[1] not in tree.scripts:
        yield _hit(source, command.line, f"No package.json has the script {match[1]}", text)
    if own and (match := _SCRIPT.match(text)) and (path := _missing_script(tree, source, match[1])):
        yield _hit(source, command.line, f"{path} is not in the tree", text)
    if (match := _MODULE.match(text)) and _missing_module(tree, match[1]):
        yield _hit(source, command.line, f"The module {match[1]} is not in the tree", text)
    if (
        (match := _DOCKER_PORT.match(text))
        and tree.exposed
        and match[1] not in tree.exposed | tree.ground.words.numbers
    ):
        yield _hit(source, command.line, f"No Dockerfile exposes port {match[1]}", text)
    if match := _EXPORT.match(text):
        yield from _variable(tree, source, command, match[1] or match[2])
    yield from _flags(tree, source, command)


def _is_own(source: Source) -> bool:
    """Whether commands in it are meant for this tree: a library's guides speak of their reader's project."""
    folder = source.path.rpartition("/")[0]
    guide = re.search(r"(^|/)(docs?|guides?|website|site|tutorials?|examples?)(/|$)", folder)
    made = re.search(
        r"\b(npm init|npm create|npx create-|yarn create|pnpm create|cargo new|startproject)\b", source.text
    )
    return not guide and not made


def _missing_script(tree: Tree, source: Source, path: str) -> str:
    """Its folder is in the tree, from the root or from where the documentation lies, and it is not."""
    folder = PurePosixPath(source.path).parent
    places = [path] if str(folder) == "." else [path, str(folder / path)]
    if any(tree.ground.holds(place) for place in places) or any(
        known.endswith("/" + path) for known in tree.ground.paths
    ):
        return ""
    return path if any(str(PurePosixPath(place).parent) in tree.ground.folders for place in places) else ""


def _missing_module(tree: Tree, module: str) -> bool:
    """Its package is one of the tree's, and nothing of that name lies there."""
    path = module.replace(".", "/")
    package, _, last = path.rpartition("/")
    if package not in tree.modules:
        return False
    return not any(
        re.search(rf"(^|/){re.escape(path)}(/|\.py$|\.pyx$|\.so$)", known) for known in tree.ground.paths
    ) and not (
        tree.ground.words.code[last] and tree.ground.holds(f"{package}/__init__.py") and tree.mentions(f"import {last}")
    )


def _variable(tree: Tree, source: Source, command: Command, name: str) -> Iterator[Hit]:
    """A variable of the tree's own prefix that nothing else reads, while others of that prefix are read."""
    words, prefix = tree.ground.words.code, name.partition("_")[0] + "_"
    if (
        words[name]
        or words[prefix]
        or len(prefix) < 4
        or prefix[:-1] in _OTHERS
        or re.search(rf"\$\{{?{name}\b", source.text)
    ):
        return
    rest = name.removeprefix(prefix)
    family = [word for word in words if word.startswith(prefix) and word != prefix and word.isupper()]
    put_together = words[rest] or words[rest.lower()] or words[prefix.lower()]
    if len(family) >= 3 and not put_together:
        yield _hit(source, command.line, f"Nothing in the tree reads the variable {name}", command.text)


def _flags(tree: Tree, source: Source, command: Command) -> Iterator[Hit]:
    """Options of the tree's own command that no code has, in any spelling."""
    text = re.split(r"\s[|>#]|&&|;", re.sub(r"^(uv run|npx|pnpm|poetry run)\s+", "", command.text), maxsplit=1)[0]
    if text.partition(" ")[0] not in tree.commands or re.search(r"\s--(\s|$)", text):
        return
    for flag in dict.fromkeys(_FLAG.findall(text)):
        if flag not in ("help", "version", "verbose", "quiet") and not _is_known(tree, flag):
            yield _hit(source, command.line, f"No code of this tree has the option --{flag}", f"--{flag}")


def _is_known(tree: Tree, flag: str) -> bool:
    for name in {flag, flag.removeprefix("no-"), flag.removeprefix("with-")}:
        words = name.split("-")
        snake, camel = "_".join(words), words[0] + "".join(map(str.capitalize, words[1:]))
        if any(tree.ground.words.code[one] for one in (snake, camel, snake.upper(), camel[0].upper() + camel[1:])):
            return True
        if len(name) < 3 or tree.mentions(name):
            return True
    return False


def _hit(source: Source, line: int, message: str, quoted: str) -> Hit:
    return Hit(source.path, line, message, quoted=quoted[:200],
               fix="Say what the tree does, or bring back what it says.")  # fmt: skip
