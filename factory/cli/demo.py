"""factory demo"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.options import Config, Json, Out
from factory.contracts.errors import UsageProblem

if TYPE_CHECKING:
    from factory.contracts.model import Endpoint
    from factory.settings import Settings

Live = Annotated[
    bool,
    typer.Option(
        "--live", help="Ask a real model: factory.toml, or OPENAI_BASE_URL, OPENAI_API_KEY, ANTHROPIC_API_KEY."
    ),
]


def demo(live: Live = False, config: Config = None, out: Out = None, as_json: Json = False) -> int:
    """The whole line on a small shop, with recorded answers. They are labelled as such; the rest is real."""
    from factory.app import new_run, open_state
    from factory.cli.go import go
    from factory.cli.options import issue_event
    from factory.places import state_folder
    from factory.settings import load

    example = example_folder()
    file = None if live else config or example / "factory.toml"
    settings = live_settings(config, os.environ) if live else load(file, None, {})
    state = open_state(state_folder())
    repo = _fresh_copy(example / "repo", state.folder / "demo")
    if not as_json:
        answers = "a real model" if live else "recorded answers (no model is asked); everything else is real"
        print(f"Demo: a small shop in {repo}, its issue #42, {answers}.")
    event = issue_event(str(example / "issue.md"))
    run = new_run(state, repo, "", event, settings, file)
    return go(run, state, settings, (out.absolute(),) if out else (), as_json)


def example_folder() -> Path:
    """The shop: beside the package in a checkout, inside it in an installed wheel."""
    import factory

    package = Path(factory.__file__).parent
    for folder in (package.parent / "examples" / "shop", package / "_examples" / "shop"):
        if (folder / "factory.toml").is_file():
            return folder
    raise UsageProblem("The demo's files are missing from this installation: install the factory again.")


def _fresh_copy(source: Path, folder: Path) -> Path:
    """The shop as a git repository of its own, new for each demo."""
    import secrets
    import shutil

    from factory.git import AUTHOR, run_git

    target = folder / secrets.token_hex(3) / "shop"
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    name, mail = AUTHOR
    who = {
        f"GIT_{kind}_{key}": value
        for kind in ("AUTHOR", "COMMITTER")
        for key, value in (("NAME", name), ("EMAIL", mail))
    }
    run_git(target, "init", "--quiet", "--initial-branch=main")
    run_git(target, "add", "--all")
    run_git(target, "commit", "--quiet", "--no-gpg-sign", "-m", "The corner shop", env=who)
    return target


def live_settings(config: Path | None, environment: Mapping[str, str]) -> "Settings":
    """The user's own settings, or an endpoint made of the usual variables. Raises UsageProblem for neither."""
    from factory.cli.options import settings_for

    settings = settings_for(config, None)
    if settings.endpoints:
        return settings
    endpoint = endpoint_from(environment)
    line = settings.line.but(ceiling=endpoint.tier, escalate_to=endpoint.tier)  # --live was typed: that is the consent
    return settings.but(endpoints={endpoint.name: endpoint}, line=line)


def _first_model(endpoint: "Endpoint", environment: Mapping[str, str]) -> str:
    from factory.contracts.errors import ModelProblem
    from factory.llm.providers.openai import OpenAI

    try:
        names = OpenAI(endpoint, environment).models()
    except ModelProblem as problem:
        raise UsageProblem(f"The server at {endpoint.url} does not answer ({problem}): is it running?") from None
    if not names:
        raise UsageProblem(f"The server at {endpoint.url} offers no model: set OPENAI_MODEL.")
    return names[0]


def endpoint_from(environment: Mapping[str, str]) -> "Endpoint":
    """The endpoint that the variables OPENAI_BASE_URL, _API_KEY, _MODEL, or ANTHROPIC_API_KEY, _MODEL, describe."""
    from factory.contracts.model import Endpoint
    from factory.settings import is_near

    url = environment.get("OPENAI_BASE_URL", "")
    if url or environment.get("OPENAI_API_KEY"):
        url = url or "https://api.openai.com/v1"
        key = "OPENAI_API_KEY" if environment.get("OPENAI_API_KEY") else ""
        found = Endpoint(name="live", wire="openai", url=url, key_env=key, tier="local" if is_near(url) else "frontier")
        return found.but(model=environment.get("OPENAI_MODEL") or _first_model(found, environment))
    if environment.get("ANTHROPIC_API_KEY"):
        model = environment.get("ANTHROPIC_MODEL", "claude-sonnet-4-5")
        url = environment.get("ANTHROPIC_BASE_URL", "https://api.anthropic.com")
        return Endpoint(
            name="live", wire="anthropic", url=url, key_env="ANTHROPIC_API_KEY", tier="frontier", model=model
        )
    raise UsageProblem(
        "No model to ask: write a factory.toml with an [endpoints.NAME] table, or set OPENAI_BASE_URL "
        "(a local server) or ANTHROPIC_API_KEY."
    )
