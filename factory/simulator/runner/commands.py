"""What a step says to its runner: commands on standard output, and the files behind GITHUB_OUTPUT and others."""

from dataclasses import dataclass, field

from factory.contracts.errors import FactoryError

MAX_SUMMARY = 1024 * 1024  # bytes
LEVELS = ("error", "warning", "notice")


@dataclass(frozen=True)
class Said:
    """One command: `::name key=value,…::text`."""

    name: str
    text: str
    properties: dict[str, str] = field(default_factory=dict)


@dataclass
class Listener:
    """Reads a step's lines; between `::stop-commands::TOKEN` and `::TOKEN::` nothing is a command."""

    paused: str = ""

    def hear(self, line: str) -> Said | None:
        text = line.strip()
        if self.paused:
            if text == f"::{self.paused}::":
                self.paused = ""
            return None
        if not text.startswith("::") or "::" not in text[2:]:
            return None
        head, _, value = text[2:].partition("::")
        name, _, properties = head.partition(" ")
        if name == "stop-commands":
            self.paused = _plain(value).strip()
            return None
        return Said(name.lower(), _plain(value), _properties(properties))


def _properties(text: str) -> dict[str, str]:
    found = {}
    for part in text.strip().split(","):
        key, sign, value = part.partition("=")
        if sign:
            found[key.strip()] = _plain(value).replace("%3A", ":").replace("%2C", ",")
    return found


def _plain(text: str) -> str:
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def pairs(text: str, where: str) -> dict[str, str]:
    """`name=value` and `name<<MARK` … `MARK` lines of an environment file. Raises FactoryError as GitHub words it."""
    found: dict[str, str] = {}
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if not line:
            continue
        equals, here = line.find("="), line.find("<<")
        if here >= 0 and (equals < 0 or here < equals):
            name, mark = line[:here], line[here + 2 :]
            if not name or not mark:
                raise FactoryError(f"Invalid format '{line}'. Name must not be empty and delimiter must not be empty")
            end = next((number for number in range(at, len(lines)) if lines[number] == mark), -1)
            if end < 0:
                raise FactoryError(f"Invalid value. Matching delimiter not found '{mark}'")
            found[name] = "\n".join(lines[at:end])
            at = end + 1
        elif equals > 0:
            found[line[:equals]] = line[equals + 1 :]
        else:
            raise FactoryError(f"Unable to process file command '{where}' successfully. Invalid format '{line}'")
    return found
