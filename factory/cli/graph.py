"""factory graph: what the code graph knows of a repository"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli import graph_pack
from factory.cli.options import Config, Json

if TYPE_CHECKING:
    from factory.codegraph.rank.embeddings import Embed
    from factory.codegraph.view import Counts, View

Repo = Annotated[Path, typer.Option("--repo", help="A git repository; else the one that you stand in.")]
Dirty = Annotated[bool, typer.Option("--dirty", help="The files as they stand in the folder, not as committed.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many rows.")]


def build() -> typer.Typer:
    """The group with its commands."""
    app = typer.Typer(
        help="The code graph: definitions, uses, calls, tests. The files that an issue is about.",
        no_args_is_help=True,
    )
    for name, command in (("build", read), ("query", query), ("show", show), ("pack", graph_pack.pack)):
        app.command(name)(command)
    return app


def read(repo: Repo = Path(), dirty: Dirty = False, as_json: Json = False) -> int:
    """Read what the store does not know yet of the checkout's commit, and say what was done."""
    import json

    view, counts, store = _open(repo, dirty)
    size = sum(path.stat().st_size for path in store.parent.glob(f"{store.name}*"))
    if as_json:
        print(json.dumps({**counts._asdict(), "skipped": dict(counts.skipped), "store": str(store), "bytes": size}))
        return 0
    by_language: dict[str, int] = {}
    for doc in view.docs.values():
        by_language[doc.language or "plain text"] = by_language.get(doc.language or "plain text", 0) + 1
    print(f"{counts.files:,} files in {counts.seconds:.2f} s: {counts.parsed:,} read, {counts.reused:,} known")
    most = sorted(by_language.items(), key=lambda row: -row[1])
    print(f"languages: {', '.join(f'{name} {count:,}' for name, count in most) or 'none'}")
    skipped = ", ".join(f"{reason} {count:,}" for reason, count in sorted(counts.skipped.items()) if count)
    print(f"skipped: {skipped or 'nothing'}")
    if counts.failed:
        print(f"not parsed (plain text here): {', '.join(counts.failed[:10])}")
    print(f"store: {store}, {size / 1e6:.1f} MB")
    return 0


def query(
    name: Annotated[str, typer.Argument(help="A symbol (total, Cart.total, shop/cart.py:total) or a path.")] = "",
    repo: Repo = Path(),
    references: Annotated[bool, typer.Option("--references", help="Where it is used.")] = False,
    callers: Annotated[int, typer.Option("--callers", min=0, max=6, help="Who calls it, to this depth.")] = 0,
    callees: Annotated[int, typer.Option("--callees", min=0, max=6, help="Whom it calls, to this depth.")] = 0,
    neighbours: Annotated[bool, typer.Option("--neighbours", help="All that is tied to it.")] = False,
    tests: Annotated[bool, typer.Option("--tests", help="Its tests; of a test file what it tests.")] = False,
    outline: Annotated[bool, typer.Option("--outline", help="A file's symbols.")] = False,
    issue: Annotated[str, typer.Option("--issue", help="Rank files for the issue in this file; - reads it from "
                                       "standard input.")] = "",
    paths: Annotated[bool, typer.Option("--paths", help="Paths only, one a line, best first.")] = False,
    limit: Limit = 20,
    dirty: Dirty = False,
    config: Config = None,
    as_json: Json = False,
) -> int:  # fmt: skip
    """Look up a name, or rank the files that an issue is about (at the checkout's commit).

    Where line.embeddings names an endpoint, it is asked how close files are to the issue.
    """
    from factory.cli import graph_answers
    from factory.contracts.errors import UsageProblem

    if bool(name) == bool(issue):
        raise UsageProblem("Give either a NAME to look up or --issue FILE to rank files for.")
    if issue:
        embed = _embedder(config, repo)
        return graph_answers.rank(lambda: _open(repo, dirty)[0], issue, limit, paths, as_json, embed)
    asked = {"references": references, "callers": callers, "callees": callees, "neighbours": neighbours,
             "tests": tests, "outline": outline}  # fmt: skip
    chosen = [what for what, wanted in asked.items() if wanted]
    if len(chosen) > 1:
        raise UsageProblem(f"--{chosen[0]} and --{chosen[1]} are two questions: ask one at a time.")
    what = chosen[0] if chosen else "symbols"
    view = _open(repo, dirty)[0]
    return graph_answers.answer(view, what, name, callers or callees, limit, paths, as_json)


def show(
    name: Annotated[str, typer.Argument(help="A symbol or a path.")],
    repo: Repo = Path(),
    depth: Annotated[int, typer.Option("--depth", min=1, max=2, help="2: callers of callers as well.")] = 1,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the picture (SVG) here, else to ./graph.svg.")
    ] = None,
    dirty: Dirty = False,
) -> int:
    """Draw the neighbourhood of a symbol or file as a picture."""
    from factory.cli import graph_answers

    return graph_answers.draw(_open(repo, dirty)[0], name, depth, out or Path("graph.svg"))


def _embedder(config: Path | None, repo: Path) -> "Embed | None":
    """What gives vectors, as in a run; a local endpoint always. Nothing is read where the person has no settings."""
    import os

    from factory.cli.options import settings_file, settings_for

    if settings_file(config, repo) is None:
        return None
    from factory.codegraph.rank.embeddings import kept
    from factory.llm.embeddings import embedder
    from factory.places import state_folder

    return embedder(settings_for(config, repo), os.environ, kept, state_folder() / "graph" / "vectors.db")


def _open(repo: Path, dirty: bool) -> "tuple[View, Counts, Path]":
    """The checkout's view, what was done for it, and the store's file. A word on stderr when that takes time."""
    import sys

    from factory.codegraph.building.build import source_of_checkout, source_of_commit, view_of
    from factory.codegraph.building.home import store_for
    from factory.contracts.errors import GitProblem, UsageProblem
    from factory.git import run_git
    from factory.places import state_folder

    store = store_for(repo, state_folder(), lambda said: print(f"factory: {said}", file=sys.stderr))
    if not dirty:
        try:
            run_git(repo, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        except GitProblem:
            raise UsageProblem(
                f"{repo.resolve()} has no commit yet: commit something, or take the files as they stand with --dirty."
            ) from None
    view, counts = view_of(store, lambda: source_of_checkout(repo) if dirty else source_of_commit(repo))
    return view, counts, store.path
