"""factory review"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.options import Config, Json, SandboxKind
from factory.contracts.errors import UsageProblem

if TYPE_CHECKING:
    from factory.contracts.examined import Examined
    from factory.contracts.task import Event


def review(
    repo: Annotated[Path, typer.Option(help="The git repository that holds both commits.")] = Path(),
    base: Annotated[str, typer.Option(help="What the change started from; else the checked-out branch.")] = "",
    head: Annotated[str, typer.Option(help="The changed branch or commit.")] = "",
    github: Annotated[str, typer.Option(help="OWNER/NAME#NUMBER: a pull request instead of two commits.")] = "",
    post: Annotated[bool, typer.Option("--post", help="With --github: post the findings as one review.")] = False,
    issue: Annotated[str, typer.Option(help="File with the change's description, or - for standard input.")] = "",
    eyes: Annotated[str, typer.Option(help="Who looks: review (Hydra, Atlas), security (Athena), or all.")] = "all",
    tests: Annotated[bool, typer.Option("--tests", help="Run the repository's tests on both in the sandbox.")] = False,
    out: Annotated[Path | None, typer.Option(help="Also write the findings here, as JSON.")] = None,
    config: Config = None,
    sandbox: SandboxKind = "",
    as_json: Json = False,
) -> int:
    """Let Hydra, Atlas and Athena read a change. Two commits or a pull request. Exit 1 with high findings."""
    if eyes not in ("all", "review", "security"):
        raise UsageProblem(f"--eyes {eyes!r} is not one of: all, review, security.")
    if bool(head) == bool(github):
        raise UsageProblem("Say what to review: --base A --head B, or --github OWNER/NAME#NUMBER (one of them).")
    if post and not github:
        raise UsageProblem("--post needs --github: two local commits have no pull request to post to.")
    from factory.cli.reviewing import Wanted, local, remote

    wanted = Wanted(eyes=eyes, tests=tests, config=config, sandbox=sandbox)
    found = remote(github, wanted, post) if github else local(repo.absolute(), base, head, _event(issue), wanted)
    if out:
        from factory.cli.options import write_out

        write_out(out, found.to_json(indent=2) + "\n")
    if as_json:
        print(found.to_json(indent=2))
    else:
        _print(found)
    return 1 if any(item.serious for item in found.findings) else 0


def _event(issue: str) -> "Event | None":
    from factory.cli.options import issue_event

    return issue_event(issue).but(kind="review") if issue else None


def _print(found: "Examined") -> None:
    from factory.render.findings import findings

    findings(found, sys.stdout)
