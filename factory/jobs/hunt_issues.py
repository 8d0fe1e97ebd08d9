"""The hunt's issues: one for what one rule finds in one file. Filed once, updated while it changes, closed when it is
gone, opened again when it comes back; what a person closed stays closed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from factory.contracts.books import Row
from factory.contracts.catch import Catch, Night, Rule
from factory.contracts.hub import Issue
from factory.forge.markers import strip
from factory.hunt.dedupe import Group, groups, speaks_of
from factory.jobs.publish import ensure
from factory.jobs.wire import Site
from factory.render.filing import body, title

LABEL = "factory:finding"
_RULE = re.compile(r"^Rule `([a-z0-9-]+)`, severity ", re.MULTILINE)  # as render.filing says it
HERE, GONE = "finding", "finding-gone"  # kinds of marker: what was last said of it


@dataclass
class Filed:
    """What was done; sentences for the summary."""

    made: list[int] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Ours:
    issue: Issue
    kind: str


def file_issues(here: Site, night: Night, mended: frozenset[str]) -> Filed:
    """`mended`: findings that a pull request has. Raises HubProblem: nothing is filed unless all could be looked up."""
    catch, filed = night.catch, Filed()
    known = _ours(here)
    now_there = {_name(group): group for group in groups(catch.ranked)}
    rules = {rule.id: rule for rule in catch.rules}
    _settle(here, catch, known, now_there, rules, filed)
    if here.settings.hunt.issues == "file":
        _file(here, night, known, rules, mended, filed)
    return filed


def _name(group: Group) -> str:
    """What the group's issue is known by: the run of its marker."""
    return f"hunt-{group.id}"


def _ours(here: Site) -> dict[str, Ours]:
    """Every issue that the hunt ever filed, by name, from all pages."""
    found: dict[str, Ours] = {}
    for issue in here.hub.issues(LABEL, "all"):
        run, kind = here.effects.markers.find(issue.body) or ("", "")
        if kind in (HERE, GONE) and not issue.is_pull and here.of_run(run).ours(issue.author, issue.body, kind):
            found.setdefault(run, Ours(issue, kind))
    return found


def _settle(here: Site, catch: Catch, known: Mapping[str, Ours], there: Mapping[str, Group],
            rules: Mapping[str, Rule], filed: Filed) -> None:  # fmt: skip
    """Open issues of ours say what is so today; a person's word, closing, is left alone."""
    whole = _whole(catch)
    for name, ours in known.items():
        group, number = there.get(name), ours.issue.number
        if ours.issue.state == "open" and group:
            _update(here, name, ours, group, rules, filed)
        elif ours.issue.state == "open" and whole and ours.kind == HERE and _looked(catch, ours):
            here.of_run(name).say(number, f"gone-{catch.commit[:12]}", f"Not found any more at {catch.commit[:12]}.")
            here.hub.edit_issue(number, here.of_run(name).signed(strip(ours.issue.body), GONE), "closed")
            filed.said.append(f"#{number} is closed: what it was about is gone.")
        elif ours.issue.state == "closed" and ours.kind == GONE and group:
            here.of_run(name).say(number, f"back-{catch.commit[:12]}", f"Found again at {catch.commit[:12]}.")
            here.hub.edit_issue(number, here.of_run(name).signed(_body(group, rules), HERE), "open")
            filed.said.append(f"#{number} is open again: what it was about is back.")


def _whole(catch: Catch) -> bool:
    """Could everything look? What was not looked at is not gone."""
    hunted = catch.hunted
    trouble = hunted.problems or hunted.failed or any(each.problem for each in hunted.engines)
    return bool(hunted.detectors) and not trouble


def _looked(catch: Catch, ours: Ours) -> bool:
    """Did its rule look? One that is switched off finds nothing, and nothing is mended by that."""
    rules = _RULE.findall(ours.issue.body)
    return bool(rules) and rules[-1] in catch.hunted.detectors


def _update(here: Site, name: str, ours: Ours, group: Group, rules: Mapping[str, Rule], filed: Filed) -> None:
    text = here.of_run(name).signed(_body(group, rules), HERE)
    if text.replace("\r\n", "\n").strip() != ours.issue.body.replace("\r\n", "\n").strip():
        here.hub.edit_issue(ours.issue.number, text)
        filed.said.append(f"#{ours.issue.number} says what is so today.")


def _body(group: Group, rules: Mapping[str, Rule]) -> str:
    return body(group.rows, rules.get(group.rule))


def _file(here: Site, night: Night, known: Mapping[str, Ours], rules: Mapping[str, Rule], mended: frozenset[str],
          filed: Filed) -> None:  # fmt: skip
    """The first sure ones of what nobody has: top_findings a night, filed_a_day a day. What people closed takes no
    place; what has an issue keeps it, however sure."""
    declined = {name for name, ours in known.items() if ours.issue.state == "closed"}
    fresh = groups(row for row in night.catch.fresh if row.finding.id not in mended)
    hunt = here.settings.hunt
    undeclined = [group for group in fresh if _name(group) not in declined]
    first = [group for group in undeclined if _name(group) in known or group.sure >= hunt.sure][: hunt.top_findings]
    wanted = [group for group in first if _name(group) not in known]
    new = _unsaid(here, wanted, rules, filed) if wanted else []
    made = _admitted(here, new, filed) if new else []
    filed.made += [_make(here, group, rules, filed) for group in made]
    there = [*made, *(group for group in first if _name(group) in known)]
    if there:
        here.books.append(lambda rows: _made(here, rows, there))


def _unsaid(here: Site, wanted: list[Group], rules: Mapping[str, Rule], filed: Filed) -> list[Group]:
    """Those that no issue of people's is about."""
    others = [issue for issue in here.hub.issues("", "open") if LABEL not in issue.labels]
    new = []
    for group in wanted:
        said = next((each for each in others if speaks_of(_text(each), group, rules.get(group.rule))), None)
        if said:
            here.effects.may_name(said.number)
            filed.said.append(f"{group.rule} in {group.path} is what #{said.number} is about: not filed.")
        else:
            new.append(group)
    return new


def _made(here: Site, rows: tuple[Row, ...], there: list[Group]) -> tuple[Row, ...]:
    """That these were made, also those that an earlier attempt made before it died."""
    ids = {row.id for row in rows}
    return tuple(_row(here, f"{_name(group)}.made", group) for group in there if f"{_name(group)}.filed" in ids)


def _text(issue: Issue) -> str:
    return f"{issue.title}\n{issue.body}"


def _admitted(here: Site, new: list[Group], filed: Filed) -> list[Group]:
    """Those that the books give a place today: written before anything is made, so that the cap holds across jobs. A
    group that was made before and has no issue now was deleted by a person: it stays away."""
    day, most = here.now[:10], here.settings.hunt.filed_a_day
    places = {f"{_name(group)}.filed": group for group in new}

    def wanted(rows: tuple[Row, ...]) -> tuple[Row, ...]:
        taken = sum(row.id.endswith(".filed") and row.at[:10] == day for row in rows)
        there = {row.id for row in rows}
        free = [name for name in places if name not in there][: max(0, most - taken)]
        return tuple(_row(here, name, places[name]) for name in free)

    booked = here.books.append(wanted)
    there = {row.id for row in booked.rows}
    admitted = [each for name, each in places.items() if name in there and f"{_name(each)}.made" not in there]
    waiting = [name for name in places if name not in there]
    if waiting:
        filed.said.append(f"{len(waiting)} wait for another day: hunt.filed_a_day = {most}.")
    return admitted


def _row(here: Site, name: str, group: Group) -> Row:
    ticket = here.ticket
    return Row(
        id=name, kind="note", run=_name(group), event=ticket.event, purpose="hunt", issue=0, actor=ticket.actor,
        at=here.now, github_run=here.context.run_id, base_sha=ticket.base_sha,
        why=f"filed: {group.rule} in {group.path}"[:500],
    )  # fmt: skip


def _make(here: Site, group: Group, rules: Mapping[str, Rule], filed: Filed) -> int:
    ensure(here, LABEL)
    name = title(group.rows[0].finding, rules.get(group.rule))
    made = here.of_run(_name(group)).tracking(name, _body(group, rules), (LABEL,), HERE)
    filed.said.append(f"#{made.number} is filed: {name}.")
    here.effects.may_name(made.number)
    return made.number
