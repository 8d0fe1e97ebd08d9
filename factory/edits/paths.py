"""Which paths a change may touch. Nothing here looks at a disk: a path is text, and later a key into a git tree."""

import re
import unicodedata
from functools import lru_cache

from factory.contracts.record import Record
from factory.contracts.tables import PathSettings
from factory.edits.globs import is_literal, literal_prefix, matches

PROTECTED = (
    ".github/workflows/**",
    ".github/actions/**",
    "**/CODEOWNERS",
    "**/.gitattributes",
    "**/.gitmodules",
    "factory.toml",
)

FLAGGED = {
    "a lock file": (
        "**/*.lock", "**/package-lock.json", "**/npm-shrinkwrap.json", "**/pnpm-lock.yaml", "**/go.sum", "**/bun.lockb",
    ),
    "a dependency manifest": (
        "**/pyproject.toml", "**/setup.py", "**/setup.cfg", "**/requirements*.txt", "**/requirements/*.txt",
        "**/Pipfile", "**/package.json", "**/go.mod", "**/Cargo.toml", "**/pom.xml", "**/build.gradle",
        "**/build.gradle.kts", "**/Gemfile", "**/env*.yml",
    ),
    "CI configuration": (
        ".github/**", "**/action.yml", "**/action.yaml", ".gitlab-ci.yml", ".gitlab/**", ".circleci/**",
        ".travis.yml", "azure-pipelines.yml", "Jenkinsfile", ".drone.yml", ".buildkite/**", ".woodpecker/**",
        ".woodpecker.yml", "appveyor.yml", ".appveyor.yml", "bitbucket-pipelines.yml", ".pre-commit-config.yaml",
    ),
    "a rule of what leaves the machine": (".factoryignore",),
    "an agent instruction file": (
        "**/AGENTS.md", "**/CLAUDE.md", "**/GEMINI.md", "**/.cursorrules", "**/.cursor/**", "**/.claude/**",
        "**/.windsurfrules", ".github/copilot-instructions.md", ".github/instructions/**", "**/.mcp.json",
    ),
}  # fmt: skip

INSTALLED = ("is a lock file", "is a dependency manifest")  # what `flag` says of files that decide what is installed

_IGNORABLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u3164\uffa0")
_SHORT_NAME = re.compile(r"git~\d+")  # what Windows calls .git


@lru_cache(maxsize=65536)
def normal(path: str) -> str:
    """The form in which paths are compared: what a lenient file system could take this path for.

    NFKC, case folded, invisible characters dropped, trailing dots and spaces of each component dropped.
    """
    if path.isascii():
        text = path.lower()
    else:
        text = unicodedata.normalize("NFKC", "".join(char for char in path if not _invisible(char))).casefold()
        text = unicodedata.normalize("NFKC", text)
    return "/".join(part.rstrip(". ") for part in text.split("/"))


def _invisible(char: str) -> bool:
    return unicodedata.category(char) == "Cf" or char in _IGNORABLE or 0xFE00 <= ord(char) <= 0xFE0F


def escape(path: str) -> str:
    """Why this text is no path inside the repository, as the end of a sentence; '' when it is one."""
    if not path:
        return "is empty"
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in path):
        return "holds control characters or is not UTF-8"
    if "\\" in path:
        return "holds a backslash: write / between folders"
    if path.startswith("/") or re.match(r"~|[A-Za-z]:(/|$)", path):
        return "is outside the repository: give it relative to the repository's root"
    for part in path.split("/"):
        reason = _bad_part(part)
        if reason:
            return reason
    return "is outside the repository" if normal(path).count("/") != path.count("/") else ""


def _bad_part(part: str) -> str:
    plain = normal(part)
    if part == ".." or re.fullmatch(r"\.\.?", unicodedata.normalize("NFKC", part)):
        return "is outside the repository: write it without . and .. components"
    if not plain:
        return "has an empty component"
    if part != part.rstrip(". "):
        return "has a component that ends in a dot or a space"
    stem = plain.split(":")[0]
    if stem.rstrip(". ") == ".git" or _SHORT_NAME.fullmatch(stem):
        return "is inside .git"
    if any(_invisible(char) for char in part):
        return "holds invisible characters"
    return ""


class PathPolicy(Record):
    """The built-in protected and flagged paths and what settings add to them (`settings.paths`)."""

    protected: tuple[str, ...] = ()
    flagged: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: PathSettings) -> "PathPolicy":
        return cls(protected=settings.protected, flagged=settings.flagged)

    def refuse(self, path: str) -> str:
        """Why no change may touch `path`, as the end of a sentence that starts with the path; '' when it may."""
        reason = escape(path)
        if reason:
            return reason
        plain = normal(path)
        for glob in (*PROTECTED, *self.protected):
            if matches(normal_glob(glob), plain):
                return f"is protected ({glob}): only a person may change it"
        return ""

    def refuse_lease(self, glob: str) -> str:
        """The same for a lease: only what a lease names by literal components can be refused beforehand."""
        if is_literal(glob):
            return self.refuse(glob.removesuffix("/"))
        start = literal_prefix(glob)
        return escape(re.sub(r"[*?]", "x", glob.removesuffix("/"))) or (self.refuse(start) if start else "")

    def flag(self, path: str) -> str:
        """Why a person should look at a change of `path`: "is a lock file"; '' when there is no special reason."""
        plain = normal(path)
        for reason, globs in FLAGGED.items():
            if any(matches(normal_glob(glob), plain) for glob in globs):
                return f"is {reason}"
        for glob in self.flagged:
            if matches(normal_glob(glob), plain):
                return f"matches {glob}, which the settings flag"
        return ""


@lru_cache(maxsize=1024)
def normal_glob(glob: str) -> str:
    """A glob in the same form as `normal` paths; a folder's trailing slash stays."""
    return normal(glob)
