"""report: the last word of every run, good or bad: report.html, report.md and run.json."""

from pathlib import Path

from factory.contracts.run import Output, Run
from factory.files import write_whole
from factory.render.html import page
from factory.render.markdown import report as markdown
from factory.stages.lessons import remember
from factory.stages.shop import Shop


def report(run: Run, shop: Shop) -> Run:
    """Write the files to the run's folder (and to --out); the record then says where they are."""
    first = shop.folders[-1]
    output = Output(
        html=str(first / "report.html"), markdown=str(first / "report.md"), json_file=str(first / "run.json")
    )
    run = run.but(output=output)
    story = shop.story(run)
    for folder in shop.folders:
        _write(folder, page(story), markdown(story), run)
    shop.journal.save(run, "report")
    remember(run, shop)
    return run


def _write(folder: Path, html: str, text: str, run: Run) -> None:
    write_whole(folder / "report.html", html)
    write_whole(folder / "report.md", text)
    write_whole(folder / "run.json", run.to_json(indent=2) + "\n")
