"""Workflow files: a stranger's words that a shell reads, and a stranger's code that runs with the owner's rights."""

import re
from collections.abc import Iterator, Sequence

from factory.audit.plain import Seen

FOLDER = ".github/workflows/"
_WORDS = re.compile(
    r"\$\{\{[^}]*\b(github\.head_ref|github\.event\.[\w.\[\]*]*\.?(title|body|message|ref|label|name|email|page_name"
    r"|default_branch))\b[^}]*\}\}"
)
_RUN = re.compile(r"^(\s*)(?:-\s+)?(run|script):\s*(\S?)")
_HEAD = re.compile(r"ref:\s*\$\{\{\s*(github\.event\.pull_request\.head\.(sha|ref)|github\.head_ref)\s*\}\}")


def look(path: str, lines: Sequence[str]) -> Iterator[Seen]:
    if not path.startswith(FOLDER):
        return
    margin = -1
    for number, line in enumerate(lines, start=1):
        begun = _RUN.match(line)
        if begun:
            margin = len(begun[1]) + (2 if line.strip().startswith("-") else 0)
        elif line.strip() and len(line) - len(line.lstrip()) <= margin:
            margin = -1
        if margin >= 0 and _WORDS.search(line) and not line.lstrip().startswith("#"):
            yield Seen(number, "workflow-injection", "CWE-94", "critical", 0.9,
                       "A stranger's words become part of the script: a quote in them runs commands of theirs",
                       "Pass the value through `env:` and use it as \"$NAME\".")  # fmt: skip
    if any("pull_request_target" in line for line in lines):
        for number, line in enumerate(lines, start=1):
            if _HEAD.search(line):
                yield Seen(number, "untrusted-checkout", "CWE-829", "high", 0.85,
                           "A stranger's branch is checked out in a job that holds the repository's own rights",
                           "Run it on `pull_request`, or check out the base only.")  # fmt: skip
