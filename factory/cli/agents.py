"""factory agents: command-line and editor agents on the box"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.options import Config, Json
from factory.contracts.errors import UsageProblem

if TYPE_CHECKING:
    from factory.serve.clients import File, Port, Setup
    from factory.settings import Settings


def build() -> typer.Typer:
    """The group with its command."""
    app = typer.Typer(help="Existing agents and editors on the box's port.", no_args_is_help=True)
    app.callback()(lambda: None)
    app.command("install")(install)
    return app


def install(
    client: Annotated[str, typer.Option(help="One client: aider, claude-code, codex, continue, mini-swe-agent.")] = "",
    url: Annotated[str, typer.Option(help="The port's URL without /v1; else by the settings.")] = "",
    write: Annotated[Path | None, typer.Option(help="Write --client's file of this name here; never over one.")] = None,
    config: Config = None,
    as_json: Json = False,
) -> int:
    """Print how clients are set up to use the port, and which model tier plans, edits and searches in each."""
    import dataclasses
    import json

    from factory.serve.clients import CLIENTS, setup

    port = _port(config, url)
    found = [setup(name, port) for name in ([client] if client else CLIENTS)]
    if write is not None:
        _write(found, write)
        return 0
    if as_json:
        print(json.dumps([dataclasses.asdict(one) for one in found], indent=2))
        return 0
    for one in found:
        _show(one)
    return 0


def _port(config: Path | None, url: str) -> "Port":
    """The address, and the smallest window among what the tiers reach: a client plans for it."""
    import os
    from urllib.parse import urlsplit

    from factory.cli.options import settings_file
    from factory.serve.clients import Port
    from factory.settings import load

    settings = load(settings_file(config, None), None, os.environ)
    url = url.rstrip("/").removesuffix("/v1") or _address(settings)
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and url.isascii() and url.isprintable()
        good = good and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good:
        raise UsageProblem("--url is the port's address, for example http://127.0.0.1:4100.")
    windows = [endpoint for effort in (1, 6, 8) for endpoint in settings.endpoints_for("*", effort)]
    context = min((endpoint.context for endpoint in windows), default=65_536)
    return Port(url, context, min((endpoint.max_output for endpoint in windows), default=8_192))


def _address(settings: "Settings") -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.serve.host, settings.serve.host)  # noqa: S104 (compared)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.serve.port}"


def _write(found: "list[Setup]", path: Path) -> None:
    """Only what the person named, only where nothing is. Raises UsageProblem."""
    files = {Path(file.path).name: file for one in found for file in one.files}
    if len(found) != 1:
        raise UsageProblem("--write writes the file of one client: name it with --client.")
    file: File | None = files.get(path.name) if len(files) > 1 else next(iter(files.values()))
    if file is None:
        raise UsageProblem(f"{found[0].title} has several files: write them as {' and '.join(files)}.")
    try:
        with path.open("x", encoding="utf-8") as out:
            out.write(file.text)
    except FileExistsError:
        raise UsageProblem(f"{path} is there already and is left as it is: put the lines into it yourself.") from None
    except OSError as error:
        raise UsageProblem(f"{path} cannot be written ({error.strerror}).") from None
    print(f"Written: {path}")


def _show(one: "Setup") -> None:
    print(f"# {one.title}\n")
    for what, grade in one.tiers:
        print(f"  {what}: {grade}")
    print(f"\n  {one.note}\n" if one.note else "")
    for file in one.files:
        print(f"## {file.path}\n\n{file.text}")
    print("## In the shell\n\nexport FACTORY_KEY=...   # from `factory serve key NAME`")
    for name, value in one.environment.items():
        print(f"export {name}={value}")
    print(f"{one.command}\n")
