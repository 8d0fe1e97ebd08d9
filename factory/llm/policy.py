"""Which files may leave for which tier: the never-send list, the owner's globs, and what the repository's own
.factoryignore adds. Patterns are those of .gitignore, matched by pathspec.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from factory.contracts.egress import EgressSettings
from factory.contracts.errors import UsageProblem
from factory.contracts.model import Tier
from factory.contracts.seams import TreeReader

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILE = ".factoryignore"
MOST_IGNORED = 65_536  # bytes of that file
MOST_STARS = 4  # of one pattern: with each the time for one name can grow by a factor of its length
LONGEST = 400  # characters of a path: a longer one is not looked at and does not leave
CODE = "py pyi js mjs cjs jsx ts tsx vue go rs java kt scala c h cc cpp hpp cs rb php swift md rst html css".split()
NEVER = (
    ".env*", "*.env", "!.env.example", "!.env.sample", "!.env.template", "!.env.dist", ".envrc",
    "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.ppk", "*.kdbx", "*.kdb", "*.gpg",
    "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", "!id_*.pub",
    ".npmrc", ".pypirc", ".netrc", "_netrc", ".git-credentials", ".htpasswd", ".pgpass", ".my.cnf", ".boto", ".s3cfg",
    ".dockercfg", ".docker/config.json", ".kube/config", "kubeconfig", ".aws/", ".ssh/", ".gnupg/", ".azure/",
    "credentials*", "!credentials*/", *(f"!credentials*.{suffix}" for suffix in CODE),
    "secrets.y*ml", "secrets.json", "secrets.toml", "secrets.env", "client_secret*.json", "service[-_]account*.json",
    "*.tfstate", "*.tfstate.*", "*.tfvars", "*.tfvars.json", "!*.tfvars.example", "vault-password*", ".vault_pass*",
)  # fmt: skip
"""Never sent to a cloud, in whatever case a name is written. `!` is an exception, as in .gitignore: the last one that
matches counts."""


class Rules:
    """`allowed` for one repository, or for none. Cheap to ask: a path is looked at once for each tier."""

    def __init__(self, settings: EgressSettings, ignored: str = "") -> None:
        """`ignored` is the text of the base tree's .factoryignore. Raises UsageProblem for a pattern that is none."""
        self._never = _spec((*NEVER, *settings.never), "[egress] never")
        self._ignored = _spec(ignored.splitlines(), IGNORE_FILE)
        self._tiers: dict[Tier, tuple[GitIgnoreSpec, GitIgnoreSpec]] = {}
        for tier in ("rented", "frontier"):
            own = settings.of(tier)
            if own is not None:
                name = f"[egress.{tier}]"
                self._tiers[tier] = _spec(own.allow, f"{name} allow"), _spec(own.deny, f"{name} deny")
        self._asked: Callable[[str, Tier], str] = lru_cache(maxsize=262_144)(self._reason)

    def allowed(self, path: str, tier: Tier) -> str:
        """'' when the file's content may be sent to endpoints of this tier, else why not, as the end of a sentence."""
        return "" if tier == "local" else self._asked(path, tier)

    def _reason(self, path: str, tier: Tier) -> str:
        allow, deny = self._tiers[tier]
        if len(path) > LONGEST:
            return f"its name is longer than {LONGEST} characters"
        if any(map(self._never.match_file, {path, path.lower()})):
            return "it is on the list of what never leaves the machine ([egress] never)"
        if self._ignored.match_file(path):
            return f"the repository's {IGNORE_FILE} names it"
        if deny.match_file(path):
            return f"[egress.{tier}] deny names it"
        return "" if allow.match_file(path) else f"[egress.{tier}] allow does not name it"


def rules_of(settings: EgressSettings, trees: TreeReader, base: str) -> Rules:
    """The rules for a repository: its .factoryignore is read from the base tree, so that no change can loosen it."""
    return Rules(settings, _ignored(trees, base))


def _ignored(trees: TreeReader, base: str) -> str:
    entry = trees.entries(base).get(IGNORE_FILE)
    if entry is None:
        return ""
    if not entry.mode.startswith("100") or entry.size > MOST_IGNORED:
        raise UsageProblem(f"{IGNORE_FILE} must be a plain file of at most {MOST_IGNORED >> 10} KiB: nothing is sent.")
    return trees.read(entry.oid).decode("utf-8-sig", "surrogateescape")


def _spec(patterns: Iterable[str], where: str) -> "GitIgnoreSpec":
    """Matches what the patterns name. Raises UsageProblem."""
    from pathspec import GitIgnoreSpec

    lines = list(patterns)
    for line in lines:
        if len(re.findall(r"\*+", line)) > MOST_STARS or len(line) > 1000:
            raise UsageProblem(f"{where}: the pattern {line[:60]!r} is too long or has too many stars: write several.")
    try:
        return GitIgnoreSpec.from_lines(lines)
    except (ValueError, re.error) as error:
        raise UsageProblem(f"{where}: {error}: write patterns as in .gitignore.") from None


def sizes_of(trees: TreeReader, tree: str) -> Mapping[str, int]:
    """Bytes of every file of a tree."""
    return {path: entry.size for path, entry in trees.entries(tree).items() if entry.mode.startswith("100")}
