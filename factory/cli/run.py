"""factory run"""

from pathlib import Path
from typing import Annotated

import typer

from factory.cli.options import Config, Json, Out, SandboxKind
from factory.contracts.errors import UsageProblem

NO_ENDPOINT = (
    'No model is configured, so nothing was begun: put an [endpoints.NAME] table with wire = "openai" or "anthropic",'
    " url, model and tier into factory.toml (`factory doctor` says where and looks at it), or do what needs no model:"
    " `factory run --task tidy`."
)


def run(
    repo: Annotated[Path, typer.Option(help="The git repository to work on.")] = Path(),
    issue: Annotated[str, typer.Option(help="File with the issue's text (first line: title), or - for stdin.")] = "",
    task: Annotated[str, typer.Option(help="A built-in task instead of an issue: tidy (no model needed).")] = "",
    base: Annotated[str, typer.Option(help="Branch, tag or commit to start from; else the checked-out branch.")] = "",
    config: Config = None,
    out: Out = None,
    sandbox: SandboxKind = "",
    as_json: Json = False,
) -> int:
    """Turn an issue into a branch and a local pull request. Your checkout is never touched."""
    from factory.app import new_run, open_state
    from factory.cli.go import check_machine, go
    from factory.cli.options import issue_event, say_what_is_ignored, settings_file, settings_for
    from factory.contracts.task import Event
    from factory.places import state_folder

    if bool(issue) == bool(task):
        raise UsageProblem("Say what to do: --issue FILE, or --task tidy (one of them).")
    if task and task != "tidy":
        raise UsageProblem(f"There is no built-in task {task!r}: the one there is: tidy.")
    event = issue_event(issue) if issue else Event(kind="tidy", source="command line")
    repo = repo.absolute()
    settings = settings_for(config, repo, sandbox)
    state = open_state(state_folder())
    check_machine(state, settings)
    say_what_is_ignored(config, repo)
    if issue and not settings.names:
        raise UsageProblem(NO_ENDPOINT)
    started = new_run(state, repo, base, event, settings, settings_file(config, repo))
    return go(started, state, settings, (out.absolute(),) if out else (), as_json)
