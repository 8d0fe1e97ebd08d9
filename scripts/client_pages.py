"""The generated part of docs/clients.md: each client's set-up, from factory/serve/clients.py."""

from factory.serve.clients import CLIENTS, KEY, Port, Setup, setup
from scripts.real_clients import NPM, PYPI

PORT = Port("http://127.0.0.1:4100", 65_536, 8_192)
TONGUES = {"json": "json", "toml": "toml", "yml": "yaml", "yaml": "yaml"}


def clients() -> str:
    """A section a client."""
    return "\n".join(_section(setup(name, PORT)) for name in CLIENTS)


def _section(one: Setup) -> str:
    parts = [f"### {one.title}\n\nTested with {', '.join(f'`{word}`' for word in (NPM | PYPI)[one.client][1:])}.\n"]
    parts.append("| it | tier |\n| --- | --- |")
    parts += [f"| {what} | `{grade}` |" for what, grade in one.tiers]
    parts += [f"\n{one.note}" if one.note else ""]
    for file in one.files:
        parts.append(f"\n`{file.path}`\n\n```{TONGUES[file.path.rpartition('.')[2]]}\n{file.text}```")
    shell = [f"export {KEY}=...", *(f"export {name}={value}" for name, value in one.environment.items()), one.command]
    parts.append("\n```sh\n" + "\n".join(shell) + "\n```\n")
    return "\n".join(parts)
