"""factory serve: one port for every model"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from factory.cli.options import Config

if TYPE_CHECKING:
    from factory.settings import Settings


def build() -> typer.Typer:
    """The command, and what belongs to it."""
    app = typer.Typer(help="One port for every model.", invoke_without_command=True)
    app.callback()(serve)
    app.command("key")(key)
    return app


def serve(
    context: typer.Context,
    config: Config = None,
    host: Annotated[str, typer.Option(help="Address to listen on; else serve.host.")] = "",
    port: Annotated[
        int, typer.Option(min=-1, max=65535, show_default=False, help="Port; 0 takes a free one; else serve.port.")
    ] = -1,
    profile: Annotated[str, typer.Option(help="Profile that local models start with; else serve.profile.")] = "",
    scripted: Annotated[Path | None, typer.Option(help="Serve this file of recorded replies instead.")] = None,
) -> int:
    """One OpenAI- and Anthropic-compatible port for every model of factory.toml, until Ctrl-C."""
    if context.invoked_subcommand:
        return 0
    if scripted is not None:
        return _recorded(scripted, host or "127.0.0.1", max(port, 0))
    settings = _settings(config, host, port, profile)
    return _gateway(settings)


def key(
    name: Annotated[str, typer.Argument(help="Whose key: a developer or a program.")],
) -> int:
    """Make a key for the port. Printed once, kept only as its SHA-256 in factory.toml."""
    import re
    import secrets

    from factory.contracts.errors import UsageProblem
    from factory.contracts.record import digest

    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", name):
        raise UsageProblem("A key's name has 1 to 40 letters, digits, - or _.")
    made = f"df-{secrets.token_urlsafe(32)}"
    print(f"The key of {name}, shown only now:\n\n  {made}\n\nPut this into factory.toml:\n")
    print(f'  [serve.keys.{name}]\n  sha256 = "{digest(made)}"\n')
    return 0


def _settings(config: Path | None, host: str, port: int, profile: str) -> "Settings":
    import os

    from factory.cli.options import settings_file
    from factory.settings import load

    settings = load(settings_file(config, None), None, os.environ)
    changes: dict[str, Any] = ({"host": host} if host else {}) | ({"port": port} if port >= 0 else {})
    changes |= {"profile": profile} if profile else {}
    return settings.but(serve=settings.serve.but(**changes)) if changes else settings


def _gateway(settings: "Settings") -> int:
    import os
    import signal
    import threading
    from contextlib import closing

    from factory.app import open_state
    from factory.places import state_folder
    from factory.serve.box import box
    from factory.serve.log import Log
    from factory.serve.server import check, listening, run

    check(settings)
    state = open_state(state_folder())
    listener = listening(settings.serve)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    address = f"http://{_shown(settings.serve.host)}:{listener.getsockname()[1]}"
    with closing(listener), box(settings, state.folder, state.db, state.clock, Log(state.clock), os.environ) as parts:
        print(f"Models at {address}/v1 (OpenAI wire) and {address} (Anthropic wire). Ctrl-C ends it.", flush=True)
        run(parts, listener, stop)
    return 0


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _recorded(script: Path, host: str, port: int) -> int:
    """Recorded replies on both wires until Ctrl-C."""
    import signal
    import threading

    from factory.contracts.errors import UsageProblem
    from factory.llm.providers.script import read_script
    from factory.serve.scripted import serving

    read = read_script(script)
    done = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: done.set())
    try:
        with serving(read, host, port) as url:
            print(f"{read.label or 'recorded replies'}: {url}/v1 (OpenAI wire), {url} (Anthropic wire)", flush=True)
            done.wait()
            return 0
    except OSError as error:
        raise UsageProblem(f"Cannot listen on {host}:{port} ({error.strerror}): choose another --port.") from None
