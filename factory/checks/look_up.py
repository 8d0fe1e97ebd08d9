"""What the tool loop may ask of the sandbox besides tests: a command that was granted, and what a package is."""

from factory.checks.bench import Bench, Errand
from factory.checks.execute import run_all
from factory.checks.inside import script
from factory.checks.kinds.command import shell
from factory.checks.reports import clip
from factory.checks.source import Source
from factory.contracts.seams import Scope

MOST = 6000  # characters of an answer


def run_command(bench: Bench, scope: Scope, tree: str, command: str) -> str:
    """A command of the settings on one tree: how it ended, and the end of what it printed."""
    source = Source(bench.trees, tree)
    (ran,) = run_all(bench, scope, [Errand(shell(source, command, command), source, source)]).runs
    notes = "\n".join(f"note: {note}" for note in ran.notes)
    head = f"{command}: {ran.outcome.status}, exit code {ran.outcome.exit_code}."
    return clip(f"{head}\n{ran.text}\n{notes}".rstrip(), MOST)


def about_package(bench: Bench, scope: Scope, tree: str, name: str) -> str:
    """What the environment of the tree's own tests, and its lock files, say of a package. Nothing of it is imported."""
    source = Source(bench.trees, tree)
    suite = shell(source, f"package {name}", f"package {name}")
    suite = suite.but(argv=("python", "-c", script("package"), name), editable=False)
    (ran,) = run_all(bench, scope, [Errand(suite, source, source)]).runs
    return clip(ran.text if ran.outcome.exit_code == 0 else "its metadata cannot be read here.", MOST)
