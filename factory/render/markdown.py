"""`report.md`: the whole account of a run for terminals and job summaries."""

from factory.contracts.story import Story
from factory.render import pull, sections
from factory.render.text import code, prose

LIMIT = 1_000_000  # bytes; a job summary holds 1 MiB
DIFF = 200_000  # characters of the diff

_PARTS = (
    ("Asked", sections.asked, 2),
    ("Verdict", sections.verdict, 0),
    ("Delivered", lambda story: delivered(story), 1),
    *sections.ACCOUNT,
    ("Trail", lambda story: sections.bullets(prose(row, 500) for row in story.trail[:200]), 11),
    ("Diff", lambda story: sections.diff(story, DIFF), 12),
)


def report(story: Story) -> str:
    """The report in markdown, under 1 MiB; what is too long is left out and a sentence says so."""
    head = f"# {prose(pull.title(story.run))}\n\nRun {code(story.run.id)}, {prose(story.run.created)}\n\n"
    parts = [(heading, section(story), rank) for heading, section, rank in _PARTS]
    text = head + pull.fit([part for part in parts if part[1]], LIMIT // 2)
    while len(raw := text.encode()) > LIMIT:  # characters of several bytes
        text = raw[: LIMIT - 200].decode(errors="ignore") + "\n\nCut here because of its length: see `report.html`."
    return text + "\n"


def delivered(story: Story) -> str:
    """Branch, commits and pull request."""
    made = story.run.delivery
    if made is None:
        return "No branch was made."
    rows = [f"Branch {code(made.branch)}" + (f", pull request {code(made.pull.url)}" if made.pull else "")]
    rows += [f"{code(commit.sha[:12])} {prose(commit.title)} (unit {code(commit.unit)})" for commit in made.commits]
    return sections.bullets(rows)
