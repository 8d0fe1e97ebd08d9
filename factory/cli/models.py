"""factory models: which endpoints there are, and what works at each"""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.options import Config, Json

if TYPE_CHECKING:
    from factory.contracts.model import Endpoint

app = typer.Typer(help="The configured model endpoints.", no_args_is_help=True)
Names = Annotated[list[str] | None, typer.Argument(help="Endpoints to test; all when none is named.")]


@app.command("list")
def show(config: Config = None, as_json: Json = False) -> int:
    """Every endpoint of the settings: where it is, its tier and its price. Asks nobody."""
    import json
    import sys

    from factory.cli.options import settings_for
    from factory.render.terminal import table

    endpoints = settings_for(config, None).endpoints.values()
    if as_json:
        print(json.dumps([item.model_dump() for item in endpoints], indent=2))
        return 0
    rows = [
        (item.name, item.wire, item.tier, item.model or "-", item.url or item.script or "-", _price(item))
        for item in endpoints
    ]
    table(rows, ("endpoint", "wire", "tier", "model", "where", "$ per million in / out"), sys.stdout)
    if not rows:
        print("No endpoint is configured: put an [endpoints.NAME] table into factory.toml.")
    return 0


@app.command("test")
def ask(names: Names = None, config: Config = None, as_json: Json = False) -> int:
    """Ask each endpoint for its models, one short answer, one structured answer and one tool call.

    Exit code 1 when one of them does not work. A paid endpoint is asked only when it is named.
    """
    import json
    import sys

    from factory.app import SystemClock
    from factory.cli.options import settings_for
    from factory.contracts.errors import UsageProblem
    from factory.llm.models import models
    from factory.llm.trial import Tried, try_endpoint
    from factory.render.terminal import table

    endpoints = settings_for(config, None).endpoints
    unknown = [name for name in names or () if name not in endpoints]
    if unknown or not endpoints:
        known = (
            f"configured are: {', '.join(endpoints)}"
            if endpoints
            else "put an [endpoints.NAME] table into factory.toml"
        )
        raise UsageProblem(f"There is no endpoint {unknown[0] if unknown else 'to test'}; {known}.")
    chosen = [endpoints[name] for name in names] if names else [one for one in endpoints.values() if not _paid(one)]
    model_of = models(os.environ, SystemClock())
    say: Callable[[str], None] = (lambda text: None) if as_json else (lambda text: print(text, file=sys.stderr))
    results: list[Tried] = []
    for endpoint in chosen:
        say(f"asking {endpoint.name} …")
        results.append(try_endpoint(endpoint, model_of))
    if as_json:
        print(json.dumps([result.model_dump() for result in results], indent=2))
        return 0 if results and all(result.works for result in results) else 1
    rows = [
        (result.endpoint, check.name, "works" if check.ok else "FAILS", f"{check.seconds:.1f} s", check.detail)
        for result in results
        for check in result.checks
    ]
    table(rows, ("endpoint", "what", "", "took", "detail"), sys.stdout)
    skipped = [name for name in endpoints if endpoints[name] not in chosen] if not names else []
    if skipped:
        print(f"Not asked, because it costs money: {', '.join(skipped)}. Name it to test it.")
    return 0 if results and all(result.works for result in results) else 1


def _paid(endpoint: "Endpoint") -> bool:
    from factory.llm.prices import price_of

    price = price_of(endpoint)
    return price is None or any((price.input, price.output))


def _price(endpoint: "Endpoint") -> str:
    from factory.llm.prices import price_of

    price = price_of(endpoint)
    return f"{price.input:f} / {price.output:f}" if price else "unknown: never asked"
