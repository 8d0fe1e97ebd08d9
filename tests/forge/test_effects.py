"""Effects on the GitHub double: each thing once, whatever gets lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.contracts.errors import HubUnreachable
from factory.contracts.hub import Annotation, ReviewNote, Ship
from factory.forge.markers import Markers
from factory.simulator.hub.faults import Rule
from tests.forge.world import HEAD, REPO, RUN, World, world

NOTE = ReviewNote(path="a.py", line=2, body="Why three?")
FAR = ReviewNote(path="a.py", line=900, body="Not in the diff.")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made
        assert not made.hub.violations


def bodies(place: World, number: int = 1) -> list[str]:
    return [comment.body for comment in place.repo.issues[number].comments]


def test_a_github_is_all_that_a_ship_job_needs(place: World) -> None:
    ship: Ship = place.github()
    assert ship.own_login() == "github-actions[bot]"
    assert place.person().own_login() == "ann"
    assert ship.default_branch() == "main"
    assert ship.head(HEAD) == place.head
    assert ship.head("factory/none") == ""


@pytest.mark.parametrize("kind", ["lost", "down_after"])
def test_gha_02_idm_04_a_comment_whose_answer_is_lost_is_found_not_posted_again(place: World, kind: str) -> None:
    """GHA-02, IDM-04: the connection is reset after the POST was sent: one comment, and we know its id."""
    place.faults.add(Rule(kind, "POST", "/comments"))  # type: ignore[arg-type]  # a name of the list
    number = place.effects().status(1, "Working")
    assert [comment.id for comment in place.repo.issues[1].comments] == [number]
    assert place.faults.struck


def test_gha_02_a_comment_that_was_never_made_is_made(place: World) -> None:
    """The answer is lost and so is the request: after looking long enough it is sent again."""
    place.faults.add(Rule("dropped", "POST", "/comments"))
    place.effects().say(1, "why-3", "Because.")
    assert len(bodies(place)) == 1


def test_gha_10_what_lists_do_not_show_yet_is_waited_for(place: World) -> None:
    """GHA-10: the answer is lost and the comment is missing from lists for 5 s: polled for, one comment."""
    place.faults.add(Rule("unseen", "POST", "/comments", seconds=5), Rule("lost", "POST", "/comments"))
    place.effects().status(1, "Working")
    assert len(bodies(place)) == 1
    assert sum(place.clock.slept) >= 5


def test_gha_10_a_job_started_again_waits_for_what_the_killed_one_made(place: World) -> None:
    """GHA-10: the comment was made, the job killed at once, lists lag: the next attempt finds it, all the same."""
    place.faults.add(Rule("unseen", "POST", "/comments", seconds=5))
    first = place.effects().status(1, "Working")
    second = place.effects(again=True)
    assert second.status(1, "Working") == first
    assert len(bodies(place)) == 1
    before = place.clock.seconds
    second.say(1, "why-1", "New")  # by now everything would be visible: no second wait
    assert place.clock.seconds - before < 12


@pytest.mark.parametrize("kind", ["broken_link", "looping_link"])
def test_gha_12_the_marker_is_found_on_page_nine(place: World, kind: str) -> None:
    """GHA-12: 1,000 comments, ours among the last, Link headers useless."""
    number = place.effects().status(1, "Working")
    issue = place.repo.issues[1]
    ours = issue.comments.pop()
    for n in range(999):
        issue.comments.append(type(ours)(place.hub.next_id(), "ann", f"comment {n}", ours.created, ours.updated, 1))
    issue.comments.insert(850, ours)
    place.faults.add(Rule(kind, "GET", "/comments", times=0))  # type: ignore[arg-type]  # a name of the list
    assert place.effects().status(1, "Still working") == number
    assert ours.body.startswith("Still working")
    assert len(issue.comments) == 1000


def test_a_look_up_that_fails_makes_nothing(place: World) -> None:
    """FAILURES 7: fails closed."""
    place.faults.add(Rule("down", "GET", "/comments", times=0))
    with pytest.raises(HubUnreachable):
        place.effects().status(1, "Working")
    assert bodies(place) == []


def test_idm_04_forged_copied_and_foreign_markers_are_nobodys(place: World) -> None:
    """IDM-04, OUT-05: a person copies our marker, seal and all, or makes one up: ours is made and found beside it."""
    sealed = place.markers.make(RUN, "status")
    person = place.person("eve", "read")
    for text in (sealed, sealed.replace("mac=", "mac=0"), Markers("", REPO).make(RUN, "status")):
        person.comment(1, f"mine\n{text}")
    number = place.effects().status(1, "Working")
    assert place.effects().status(1, "Still") == number
    assert len(bodies(place)) == 4
    assert all(text.startswith("mine") for text in bodies(place)[:3])


def test_without_a_marker_key_the_author_decides(tmp_path: Path) -> None:
    with world(tmp_path, key="") as place:
        place.person("eve", "read").comment(1, place.markers.make(RUN, "status"))
        first = place.effects().status(1, "Working")
        assert place.effects().status(1, "More") == first
        assert len(bodies(place)) == 2


def test_the_status_comment_is_edited_on_change_every_20_seconds_and_at_last(place: World) -> None:
    effects = place.effects()
    number = effects.status(1, "one")
    edits = lambda: sum(method == "PATCH" for method, *_ in place.hub.requests)  # noqa: E731  a short name
    effects.status(1, "one")
    effects.status(1, "two")
    assert edits() == 0  # made less than 20 s ago
    place.clock.seconds += 20
    effects.status(1, "two")
    effects.status(1, "three")
    assert edits() == 1
    began = place.clock.seconds
    assert effects.status(1, "the last word", last=True) == number
    assert place.clock.seconds - began >= 19
    assert bodies(place)[0].startswith("the last word")


def test_a_deleted_status_comment_does_not_silence_the_last_word(place: World) -> None:
    effects = place.effects()
    effects.status(1, "one")
    place.repo.issues[1].comments.clear()
    effects.status(1, "the last word", last=True)
    assert [body.startswith("the last word") for body in bodies(place)] == [True]


def test_a_known_status_comment_costs_no_list(place: World) -> None:
    number = place.effects().status(1, "one")
    before = len(place.hub.requests)
    assert place.effects().status(1, "two", comment=number) == number
    assert [(method, path.count("/")) for method, path, *_ in place.hub.requests[before:]] == [("GET", 6), ("PATCH", 6)]


def test_the_tracking_issue_is_one_and_shows_the_last_text(place: World) -> None:
    place.faults.add(Rule("lost", "POST", "/issues$"))
    first = place.effects().tracking("Plan", "- [ ] u1", ("factory",))
    second = place.effects().tracking("Plan", "- [x] u1", ("factory",))
    assert first.number == second.number == 2
    assert place.repo.issues[2].body.startswith("- [x] u1")
    assert len(place.repo.issues) == 2
    assert place.effects(run="gh-9-other").tracking("Plan", "x", ("factory",)).number == 3


def test_the_pull_request_is_one_then_updated_then_ready(place: World) -> None:
    place.faults.add(Rule("unseen", "POST", "/pulls$", seconds=5), Rule("lost", "POST", "/pulls$"))
    first = place.effects().pull("Fix", "text", HEAD, "main", draft=True)
    assert first.draft
    again = place.effects().pull("Fix it", "more", HEAD, "main", draft=False)
    assert (again.number, again.title, again.draft) == (first.number, "Fix it", False)
    assert len(place.repo.issues) == 2
    made = place.repo.issues[first.number]
    assert made.pull
    assert not made.pull.draft
    assert place.effects().find_pull() == place.effects().find_pull(HEAD)


def test_a_pull_request_that_a_person_closed_stays_closed(place: World) -> None:
    first = place.effects().pull("Fix", "text", HEAD, "main", draft=True)
    place.person().edit_issue(first.number, state="closed")
    found = place.effects().pull("Fix", "new text", HEAD, "main", draft=False)
    assert (found.number, found.state) == (first.number, "closed")
    assert len(place.repo.issues) == 2


def test_failures_9_one_review_a_commit_and_reviewer(place: World) -> None:
    """FAILURES 9: 98 reviews on one pull request."""
    number = place.effects().pull("Fix", "text", HEAD, "main", draft=True).number
    place.faults.add(Rule("lost", "POST", "/reviews"))
    for _ in range(3):
        place.effects().review(number, place.head, "hydra", "Two findings", (NOTE,))
    place.effects().review(number, place.head, "athena", "None", ())
    pull = place.repo.issues[number].pull
    assert pull
    assert [review.state for review in pull.reviews] == ["COMMENTED", "COMMENTED"]
    assert [(note.path, note.line) for note in pull.notes] == [("a.py", 2)]


def test_notes_that_cannot_be_placed_are_said_in_the_text(place: World) -> None:
    number = place.effects().pull("Fix", "text", HEAD, "main", draft=True).number
    place.effects().review(number, place.head, "hydra", "Two", (NOTE, FAR))
    pull = place.repo.issues[number].pull
    assert pull
    assert [note.body for note in pull.notes] == []
    assert "**a.py:900**\n\nNot in the diff." in pull.reviews[0].body
    assert "Why three?" in pull.reviews[0].body


def test_labels_and_reactions_twice_are_once(place: World) -> None:
    effects = place.effects()
    for _ in range(2):
        place.faults.add(Rule("lost", "POST", "/labels"), Rule("lost", "POST", "/reactions"))
        effects.hub.ensure_label("agent:swarm", "ff0000", "work on it")
        effects.label(1, "agent:swarm")
        effects.react("eyes", issue=1)
    issue = place.repo.issues[1]
    assert issue.labels == ["agent:swarm"]
    assert [reaction.content for reaction in issue.reactions] == ["eyes"]
    effects.unlabel(1, "agent:swarm")
    effects.unlabel(1, "agent:swarm")
    assert issue.labels == []


def test_annotations_of_a_check_run_are_sent_once_each(place: World) -> None:
    notes = tuple(
        Annotation(path="a.py", start=n, end=n, level="warning", title=f"t{n}", message="m") for n in range(1, 121)
    )
    place.faults.add(Rule("lost", "POST", "/check-runs"), Rule("lost", "PATCH", "/check-runs/"))
    first = place.effects().check("factory", place.head, RUN, "neutral", "Review", "120 findings", notes)
    assert place.effects().check("factory", place.head, RUN, "neutral", "Review", "120 findings", notes) == first
    where = "/repos/{repo}/commits/{commit}/check-runs"
    rows = list(place.github().caller.pages(where, "check_runs", query={"filter": "all"}, commit=place.head))
    assert [row["output"]["annotations_count"] for row in rows] == [120]


def test_a_dispatch_is_sent_once_when_its_run_shows_itself(place: World) -> None:
    """A repository_dispatch cannot be looked up; its run can, by the run id in its name."""
    from factory.simulator.hub.runs import start_run

    assert place.effects().dispatch("factory-refine", {"run": RUN}, RUN) == 0
    sent = [event for event in place.hub.events if event.name == "repository_dispatch"]
    assert len(sent) == 1
    file = ".github/workflows/local-agent-worker.yml"
    run = start_run(place.hub, place.repo, file, event="repository_dispatch", title=f"refine {RUN}")
    assert place.effects(again=True).dispatch("factory-refine", {"run": RUN}, RUN) == run.id
    assert len([event for event in place.hub.events if event.name == "repository_dispatch"]) == 1
