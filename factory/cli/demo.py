"""factory demo"""

from typing import Annotated

import typer

from factory.cli.options import Config, Json, Out


def demo(
    live: Annotated[
        bool, typer.Option(help="Ask a real model: factory.toml, or OPENAI_BASE_URL / ANTHROPIC_API_KEY.")
    ] = False,
    config: Config = None,
    out: Out = None,
    as_json: Json = False,
) -> int:
    """The whole line on a small shop, with recorded answers (clearly labelled) and everything else real."""
    raise SystemExit("not built yet")
