"""Which environment a suite runs with, and from which tree it is installed: a key must name all that was there to run.

An environment outlives the run that made it, so no draft may leave anything in one that another tree's tests use.
Where plain metadata says what is needed, the installation sees a tree that holds nothing but the files in the key.
Where the project's own code has to run (setup.py, a build tool), the tree's id is in the key; the base's tree is
installed for every tree with the same manifests, so that a draft costs no installation of its own.
"""

from collections.abc import Sequence
from typing import NamedTuple

from factory.checks.bench import Bench, Errand
from factory.checks.discover import setup_of
from factory.checks.kind import Setup
from factory.checks.reports import clip
from factory.checks.source import Source
from factory.contracts.change import FileChange
from factory.contracts.sandbox import Install


class Environment(NamedTuple):
    setup: Setup
    source: Source  # what is installed from


def environment_of(bench: Bench, errand: Errand) -> Environment | None:
    """What an errand runs with; None when it needs nothing installed."""
    source = errand.setup_from
    setup = setup_of(source, errand.suite, bench.settings)
    if setup is None:
        return None
    if not setup.code:
        return Environment(setup, source)
    if bench.base:
        base = Source(bench.trees, bench.base)
        source = base if setup_of(base, errand.suite, bench.settings) == setup else source
    return Environment(setup.but(depends=(*setup.depends, f"tree:{source.identity}")), source)


def install_all(bench: Bench, needed: Sequence[Environment | None]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Each environment once: (key -> key to run with, "" where it failed; what a person should know)."""
    ready: dict[str, str] = {}
    notes: list[str] = []
    for environment in needed:
        if environment is None or environment.setup.key in ready:
            continue
        setup = environment.setup
        tree = _tree(bench, environment)
        done = bench.sandbox.install(Install(key=setup.key, tree=tree, commands=setup.commands, env=setup.env))
        ready[setup.key] = done.key if done.ok else ""
        notes += [line.removeprefix("factory-note: ") for line in done.log.splitlines() if line.startswith("factory-n")]
        if not done.ok:
            notes.append(f"The {setup.group} dependencies could not be installed: {clip(done.log, 600) or 'no output'}")
    return ready, tuple(dict.fromkeys(notes))


def _tree(bench: Bench, environment: Environment) -> str:
    """The tree an installation sees: the whole source where code must run, else its manifests alone."""
    setup, source = environment
    kept = source.paths.keys() if setup.code else set(setup.files)
    gone = [path for path in bench.trees.entries(source.tree) if path not in kept]
    changes = [FileChange(path=path, op="delete", mode="100644") for path in gone]
    for path, data in source.overlay.items():
        if path in kept:
            oid = bench.trees.blob(data)
            changes.append(FileChange(path=path, op="write", mode="100644", oid=oid, size=len(data)))
    return bench.trees.overlay(source.tree, changes) if changes else source.tree
