"""factory job: what the jobs of the workflows call, one thin command each; the work is in `factory/jobs/NAME.py`"""

import os
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from factory.jobs.context import JobContext

Out = Annotated[Path, typer.Option(help="Folder for ticket.json and issue.md.")]
Bundle = Annotated[Path, typer.Option(help="Folder of the unpacked bundle.")]
Digest = Annotated[str, typer.Option(help="SHA-256 of the bundle's manifest.json, from the job that made it.")]
Findings = Annotated[Path, typer.Option(help="File of a review's findings.")]
Found = Annotated[Path, typer.Option(help="Folder with hunt.json and the themes' bundles.")]
FoundDigest = Annotated[str, typer.Option("--digest", help="SHA-256 of hunt.json, from the job that made it.")]
Config = Annotated[Path, typer.Option(help="The default branch's settings; not there = the defaults.")]

Head = Annotated[str, typer.Option(help="Commit that was delivered, from the ship job.")]
Branch = Annotated[str, typer.Option(help="Branch that was delivered, from the ship job.")]

DEFAULT = Path("factory.toml")


def gate(
    for_: Annotated[str, typer.Option("--for", help="What this workflow serves: swarm, box, feedback, answer, hunt.")],
    out: Out = Path("gate"),
    config: Config = DEFAULT,
) -> int:
    """May this event start anything? Signs a ticket, or says why not. No model, no repository code, a read token."""
    return _run("gate", for_, out, config=config)


def open_(config: Config = DEFAULT) -> int:
    """Take the run's lease and reserve its money; first status comment."""
    return _run("open", config=config)


def ship(bundle: Bundle, digest: Digest, config: Config = DEFAULT) -> int:
    """Check a bundle again and apply it: branch, issue, pull request, comments, check run."""
    return _run("ship", bundle, digest, config=config)


def send(config: Config = DEFAULT) -> int:
    """Hand the run over to the next workflow by a dispatch."""
    return _run("send", config=config)


def close(config: Config = DEFAULT) -> int:
    """Settle the money and write the run's last word."""
    return _run("close", config=config)


def answer(config: Config = DEFAULT) -> int:
    """Answer a command that needs no model."""
    return _run("answer", config=config)


def watch(config: Config = DEFAULT) -> int:
    """Find jobs that wait too long for the box."""
    return _run("watch", config=config)


def route(config: Config = DEFAULT) -> int:
    """Choose between box and cloud and dispatch."""
    return _run("route", config=config)


def post(findings: Findings, config: Config = DEFAULT) -> int:
    """Post a review's findings."""
    return _run("post", findings, config=config)


def hunt(found: Found, digest: FoundDigest, config: Config = DEFAULT) -> int:
    """Check what a night's hunt found; file issues and open pull requests, each once."""
    return _run("hunt", found, digest, config=config)


def scan(found: Found, digest: FoundDigest, config: Config = DEFAULT) -> int:
    """Hand what a night's hunt found to code scanning."""
    return _run("scan", found, digest, config=config)


def audited(bundle: Bundle, digest: Digest, head: Head, branch: Branch, config: Config = DEFAULT) -> int:
    """Hand what Athena says of a change to code scanning."""
    return _run("audited", bundle, digest, head, branch, config=config)


def remember(config: Config = DEFAULT) -> int:
    """Write what the run showed to the branch factory-memory."""
    return _run("remember", config=config)


def outcome(config: Config = DEFAULT) -> int:
    """Write what became of the factory's pull requests to the branch factory-memory."""
    return _run("outcome", config=config)


def _context() -> "JobContext":
    from factory.jobs.context import job_context

    return job_context(os.environ)


def _run(name: str, *arguments: Any, **options: Any) -> int:
    work: Callable[..., int] = getattr(import_module(f"factory.jobs.{name}"), name)
    return work(_context(), *arguments, **options)


COMMANDS: dict[str, Callable[..., int]] = {
    "gate": gate, "open": open_, "ship": ship, "send": send, "close": close, "answer": answer, "watch": watch,
    "route": route, "post": post, "remember": remember,
    "outcome": outcome, "hunt": hunt, "scan": scan, "audited": audited,
}  # fmt: skip


def build() -> typer.Typer:
    """The group with every job whose module there is."""
    app = typer.Typer(help="One job of a workflow: run by GitHub Actions, not by people.", no_args_is_help=True)
    for name, command in COMMANDS.items():
        if find_spec(f"factory.jobs.{name}"):
            app.command(name)(command)
    return app
