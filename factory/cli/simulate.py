"""factory simulate"""

import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.options import Json
from factory.contracts.errors import UsageProblem

if TYPE_CHECKING:
    from factory.contracts.ticket import RoleName
    from factory.simulator.runner.record import JobRecord, RunRecord
    from factory.simulator.story import Story


def simulate(
    event: Annotated[Path, typer.Argument(help="A webhook's payload as JSON, {event, payload}, or {title, body}.")],
    workflows: Annotated[
        Path | None, typer.Option(help="Workflow files to put over the repository's own, e.g. .github/workflows.")
    ] = None,
    repo: Annotated[Path, typer.Option(help="The git repository; its HEAD is the default branch.")] = Path(),
    name: Annotated[str, typer.Option("--event", help="The event's name, when the payload does not show it.")] = "",
    role: Annotated[str, typer.Option(help="The sender's role: none, read, triage, write, maintain, admin.")] = "write",
    dry: Annotated[bool, typer.Option("--dry", help="Only say what would run, who may, what it may cost.")] = False,
    keep: Annotated[Path | None, typer.Option(help="Keep repositories and logs in this empty folder.")] = None,
    secrets: Annotated[Path | None, typer.Option(help='TOML file: NAME = "value", Actions secrets.')] = None,
    variables: Annotated[Path | None, typer.Option("--vars", help="TOML file of Actions variables.")] = None,
    as_json: Json = False,
) -> int:
    """Play an event against the workflows, without GitHub. What runs, what it writes, what it costs."""
    from factory.git import git_folder
    from factory.simulator.events import read_event
    from factory.simulator.scene import Scene
    from factory.simulator.simulate import simulate as play

    kind, payload = read_event(event, name)
    git_folder(repo.absolute())
    files, others = _callers(repo.absolute()) if workflows is None else ({}, {})
    scene = Scene(
        kind, payload, repo.absolute(), workflows, _role(role), files, others, _table(secrets), _table(variables)
    )
    story = play(scene, dry, keep, tell=lambda line: print(line, file=sys.stderr))
    if as_json:
        print(story.to_json(indent=2))
    else:
        show(story)
    return 0 if story.well else 1


def _callers(repo: Path) -> "tuple[dict[str, bytes], dict[str, tuple[Path, dict[str, bytes]]]]":
    """For a repository without workflows: what `factory init` would write, and the factory's repository beside it."""
    from factory.git import run_git
    from factory.install.plan import plan, source_here

    if run_git(repo, "ls-tree", "HEAD", ".github/workflows/").strip():
        return {}, {}
    root = Path(__file__).parent.parent.parent
    if not (root / ".github" / "workflows").is_dir():
        raise UsageProblem(f"{repo} has no workflows: run `factory init` there first, or name a folder of --workflows.")
    source = source_here() or f"dark-factory/dark-factory@{run_git(root, 'rev-parse', 'HEAD').decode().strip()}"
    files = {each.path: each.text.encode() for each in plan(lambda path: None, source, "write")}
    names = run_git(repo, "ls-tree", "--name-only", "HEAD").decode().splitlines()
    wanted = {path: text for path, text in files.items() if path not in names}
    return wanted, {source.partition("@")[0]: (root, {})}


def _role(text: str) -> "RoleName":
    from factory.contracts.ticket import ROLES

    for each in ROLES:
        if each == text:
            return each
    raise UsageProblem(f"--role {text!r} is not one of {', '.join(ROLES)}.")


def _table(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageProblem(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageProblem(f"{path} is not TOML: {error}.") from None
    wrong = [key for key, value in found.items() if not isinstance(value, str)]
    if wrong:
        raise UsageProblem(f'{path}: {wrong[0]} is not a text: write {wrong[0]} = "…".')
    return found


def show(story: "Story") -> None:
    """The story for a person: tables on a terminal, plain rows else."""
    from factory.render.amount import money
    from factory.render.terminal import table

    action = f" ({story.action})" if story.action else ""
    print(f"{story.event}{action} in {story.repo} by {story.actor}, whose role is {story.role}\n")
    if story.dry:
        _dry(story)
    elif not story.runs:
        print("No workflow starts on this event.")
    for run in story.runs:
        _run(run)
    if story.writes:
        print("What would be written:")
        table(
            [(one.kind, one.what, one.by, one.text) for one in story.writes],
            ("what", "where", "by", "text"),
            sys.stdout,
        )
        print()
    for title, lines in (
        ("Waiting", story.waiting),
        ("Refused", story.refused),
        ("Not GitHub's API", story.violations),
    ):
        for line in lines:
            print(f"{title}: {line}")
    limit = "no limit" if story.most_usd is None else f"at most ${story.most_usd}"
    print("Who may: " + "; ".join(f"{what}: {role}" for what, role in story.may.items()))
    if story.dry:
        print(f"Models: {limit} a run ([budget] run_usd).")
    else:
        calls = ", ".join(f"{many} {kind}" for kind, many in sorted(story.requests.items())) or "none"
        print(f"API calls: {calls}. Hosted minutes billed: {story.hosted_minutes}.")
        print(f"Models: {money(story.spent_microdollars)} spent, {money(story.reserved_microdollars)} still reserved.")
    if story.folder:
        print(f"Kept in {story.folder}")


def _dry(story: "Story") -> None:
    from factory.render.terminal import table

    if not story.jobs:
        print("No workflow would start on this event.")
        return
    rows = [
        (
            each.workflow,
            each.job,
            each.runs,
            each.machine,
            ", ".join(f"{n}: {v}" for n, v in each.permissions.items()) or "none",
        )
        for each in story.jobs
    ]
    table(rows, ("workflow", "job", "starts", "machine", "token may"), sys.stdout)
    hosted = [each for each in story.jobs if "self-hosted" not in each.machine and each.runs != "no"]
    most = sum(each.minutes for each in hosted)
    print(f"\nHosted minutes: at least 1 for each of up to {len(hosted)} jobs (a matrix has more), at most {most:g}.")


def _run(run: "RunRecord") -> None:
    from factory.render.terminal import table

    shown = run.conclusion or run.status
    print(f"{run.name}: {shown} ({run.workflow}, {run.event}, attempt {run.attempt}, {run.seconds:.1f} s)")
    if run.problem:
        print(f"  {run.problem}")
    rows = [(job.name, job.result or job.status, f"{job.seconds:.1f} s", _why(job)) for job in run.jobs]
    skipped = [name for name, result in run.results.items() if result == "skipped"]
    if rows:
        table(rows, ("job", "result", "time", "said"), sys.stdout)
    if skipped:
        print(f"  skipped: {', '.join(skipped)}")
    print()


def _why(job: "JobRecord") -> str:
    """The first error, else the last notice; for a bare exit code also the last line said."""
    if job.notes and job.notes[0].message.startswith("Process completed with exit code"):
        return f"{job.notes[0].message} {job.last}"
    errors = [note.message for note in job.notes if note.level == "error"]
    return (errors or [note.message for note in reversed(job.notes)] or [""])[0]
