"""factory hunt"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.options import Config, Json, SandboxKind
from factory.contracts.errors import UsageProblem

if TYPE_CHECKING:
    from factory.contracts.catch import Catch


def hunt(
    repo: Annotated[Path, typer.Option(help="The git repository to look at, as committed.")] = Path(),
    base: Annotated[str, typer.Option(help="Branch, tag or commit to look at; else the checked-out branch.")] = "",
    only: Annotated[list[str] | None, typer.Option(help="Only this detector; may be given more than once.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what the baseline knows; every line.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="Show at most so many findings; 0 = no limit.")] = 0,
    sarif: Annotated[Path | None, typer.Option(help="Also write SARIF 2.1.0 here.")] = None,
    html: Annotated[Path | None, typer.Option(help="Also write a page here, one file.")] = None,
    write_baseline: Annotated[
        bool, typer.Option("--write-baseline", help="Take all of today's findings for known: only new ones count.")
    ] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend what is mended safely without a model: a branch and a PR a theme.")
    ] = False,
    with_models: Annotated[
        bool, typer.Option("--with-models", help="With --fix: models mend what no rule does.")
    ] = False,
    github: Annotated[str, typer.Option(help="OWNER/NAME: say what a night would do there; only reads.")] = "",
    task: Annotated[str, typer.Option(help="Print a finding (its id) as an issue for `factory run --issue -`.")] = "",
    night: Annotated[
        Path | None,
        typer.Option(help="As the job of the night, by FACTORY_TICKET: hunt.json, hunt.sarif, bundles here."),
    ] = None,
    config: Config = None,
    sandbox: SandboxKind = "",
    as_json: Json = False,
) -> int:
    """Look for bugs in a commit: no model, nothing of it is run. Exit 0: nothing new; 1: findings; 2: usage."""
    from factory.cli import hunting
    from factory.cli.options import say_what_is_ignored, settings_for

    _check([write_baseline, fix, bool(task), night is not None, bool(github)], with_models and not fix)
    repo = repo.absolute()
    if night:
        return hunting.night(night.absolute(), repo, config, sandbox)
    settings = settings_for(config, repo, sandbox)
    say_what_is_ignored(config, repo)
    found = hunting.looked(repo, base, settings, tuple(only or ()))
    hunting.write(found, sarif, html)
    if write_baseline:
        return hunting.keep(found, repo, settings)
    if github:
        return hunting.rehearse(found, github, settings, sys.stdout)
    if task:
        return hunting.print_task(found, task)
    if as_json and not fix:
        print(_cut(found, everything, limit).to_json(indent=2))
    if not as_json:
        hunting.show(found, sys.stdout, everything, limit, hunting.same(repo, base), propose=not fix)
    return hunting.mend(found, repo, base, settings, config, as_json, with_models) if fix else int(bool(found.fresh))


def _check(things: list[bool], only_with_models: bool) -> None:
    if sum(things) > 1:
        raise UsageProblem("--write-baseline, --fix, --github, --task and --night do different things: give one.")
    if only_with_models:
        raise UsageProblem("--with-models says how --fix mends: give both.")


def _cut(found: "Catch", everything: bool, limit: int) -> "Catch":
    rows = found.ranked if everything else found.fresh
    return found.but(ranked=rows[:limit] if limit else rows)
