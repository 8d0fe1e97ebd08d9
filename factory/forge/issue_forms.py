"""Issue templates must not set a trigger label: whoever opens an issue with such a form would be its sender.

The gate would deny an outsider all the same; but people then wonder why nothing starts, and somebody lowers the role.
"""

import re
from collections.abc import Collection
from pathlib import Path

from factory.forge.labels import TRIGGERS

FOLDER = Path(".github", "ISSUE_TEMPLATE")
SINGLE = (Path(".github", "ISSUE_TEMPLATE.md"), Path("ISSUE_TEMPLATE.md"), Path("docs", "ISSUE_TEMPLATE.md"))
_KEY = re.compile(r"^[\"']?labels[\"']?[ \t]*:", re.IGNORECASE)


def lint(root: Path, triggers: Collection[str] = tuple(TRIGGERS)) -> tuple[str, ...]:
    """One sentence for each template of the repository at `root` that sets a trigger label by itself."""
    folder = root / FOLDER
    files = sorted(path for path in folder.glob("*") if path.suffix in (".yml", ".yaml", ".md") and path.is_file())
    files += [root / name for name in SINGLE if (root / name).is_file()]
    found = []
    for path in files:
        text = path.read_text(encoding="utf-8", errors="replace")
        for label in sets(text, triggers):
            where = path.relative_to(root)
            found.append(f"{where} sets the label {label} on every issue opened with it: remove it from `labels`.")
    return tuple(found)


def sets(text: str, triggers: Collection[str]) -> tuple[str, ...]:
    """The trigger labels that a form or the front matter of a template sets. Labels are case-insensitive on GitHub."""
    named = {part.strip().strip("\"'").strip().lower() for row in _labels(text) for part in re.split(r"[,\[\]]", row)}
    return tuple(label for label in triggers if label.lower() in named)


def _labels(text: str) -> list[str]:
    """What stands below `labels:` up to the next key, without list dashes and comments."""
    found: list[str] = []
    inside = False
    for row in text.replace("\r", "\n").split("\n"):
        if inside and row.strip() and not row[0].isspace() and not row.startswith("-"):
            inside = False
        if _KEY.match(row):
            inside, row = True, row.partition(":")[2]
        if inside:
            found.append(re.sub(r"(?:^|\s)#.*$", "", row).strip().removeprefix("-").strip())
    return found
