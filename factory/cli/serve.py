"""`factory serve`: recorded answers over HTTP."""

from pathlib import Path
from typing import Annotated

import typer


def serve(
    scripted: Annotated[Path, typer.Option("--scripted", help="File of recorded replies to serve.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 0,
) -> int:
    """Serve recorded replies on the OpenAI and the Anthropic wire until Ctrl-C."""
    import signal
    import threading

    from factory.contracts.errors import UsageProblem
    from factory.llm.providers.script import read_script
    from factory.serve.scripted import serving

    script = read_script(scripted)
    done = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: done.set())
    try:
        with serving(script, host, port) as url:
            print(f"{script.label or 'recorded replies'}: {url}/v1 (OpenAI wire), {url} (Anthropic wire)", flush=True)
            done.wait()
            return 0
    except OSError as error:
        raise UsageProblem(f"Cannot listen on {host}:{port} ({error.strerror}): choose another --port.") from None
