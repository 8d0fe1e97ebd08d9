"""What the night found, in the ship job: filed once, updated, closed, opened again; never past a cap or on doubt."""

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factory.contracts.catch import Catch, Mended, Night, Rule, Theme
from factory.contracts.errors import HubProblem, Refusal
from factory.contracts.finding import Finding, finding
from factory.contracts.hunt import EngineRun, Hunted
from factory.contracts.record import digest
from factory.contracts.ticket import Ticket
from factory.hunt.triage import ranked
from factory.jobs.hunt import hunt
from factory.jobs.scan import fitting, scan
from factory.simulator.hub.code_scanning import analyses_of
from factory.simulator.hub.faults import Rule as Fault
from tests.jobs.place import Place, outputs, place

RULES = (
    Rule(id="bare-except", title="An except without a type", why="It hides what should end the program."),
    Rule(id="shell-command", title="A command built of text", why="Whoever gives the text runs it.", category="CWE-78"),
)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path) as made:
        made.hub.user("dora")
        yield made


def found(
    rule: str = "bare-except", path: str = "shop/cart.py", line: int = 4, text: str = "except:", **more: Any
) -> Finding:
    return finding("hunt", rule, f"Something is wrong in {path}.", path=path, evidence=f"{text} # {path}", start=line,
                   end=line, **{"severity": "medium", **more})  # fmt: skip


class Nights:
    """One night after the other, each a run of its own."""

    def __init__(self, here: Place) -> None:
        self.here, self.n = here, 0

    def ticket(self) -> Ticket:
        self.n += 1
        return self.here.ticket(0, f"{self.here.repo.full_name} run {self.n}", purpose="hunt", actor="schedule",
                                actor_id=0, role="none")  # fmt: skip

    def __call__(self, *findings: Finding, hunted: Hunted | None = None, toml: str = "", spoil: str = "",
                 **more: Any) -> dict[str, str]:  # fmt: skip
        ticket = self.ticket()
        context = self.here.job(ticket, "file", event="schedule")
        looked = hunted or Hunted(detectors=("bare-except", "shell-command"))
        catch = Catch(commit=self.here.base_sha, rules=RULES, ranked=ranked(findings, {}), hunted=looked, **more)
        text = Night(catch=catch).to_json()
        (context.temp / "hunt").mkdir(exist_ok=True)
        (context.temp / "hunt" / "hunt.json").write_text(text + spoil)
        config = context.temp / "factory.toml"
        config.write_text(toml)
        assert hunt(context, context.temp / "hunt", digest(text), config=config, clock=self.here.clock) == 0
        return outputs(context)


def issues(here: Place) -> dict[int, Any]:
    return {number: each for number, each in here.repo.issues.items() if "factory:finding" in each.labels}


def test_a_finding_is_filed_once_whatever_lines_it_moves_to(here: Place) -> None:
    night = Nights(here)
    assert night(found())["issues"] == "1"
    ((number, issue),) = issues(here).items()
    assert issue.title == "An except without a type: shop/cart.py"
    assert "It hides what should end the program." in issue.body
    assert "`shop/cart.py:4`" in issue.body
    assert night(found(line=40))["issues"] == "0"
    assert list(issues(here)) == [number]
    assert "`shop/cart.py:40`" in here.repo.issues[number].body
    before = here.sent("PATCH", "/issues/")
    night(found(line=40))
    assert here.sent("PATCH", "/issues/") == before, "what is said already is not said again"


def test_what_is_gone_is_closed_with_a_word_and_opened_again_when_it_is_back(here: Place) -> None:
    night = Nights(here)
    night(found())
    ((number, issue),) = issues(here).items()
    night()
    assert issue.state == "closed"
    assert here.comments(number)[-1].startswith("Not found any more at ")
    night()
    assert len(here.comments(number)) == 1
    night(found(line=7))
    assert issue.state == "open"
    assert "`shop/cart.py:7`" in issue.body
    assert list(issues(here)) == [number]


def test_what_a_person_closed_stays_closed(here: Place) -> None:
    night = Nights(here)
    night(found())
    ((number, issue),) = issues(here).items()
    issue.state = "closed"
    night(found(line=9))
    assert issue.state == "closed"
    assert list(issues(here)) == [number]


@pytest.mark.parametrize(
    "hunted",
    [
        Hunted(detectors=("bare-except",), engines=(EngineRun(name="ruff", problem="was stopped"),)),
        Hunted(detectors=("bare-except",), failed=("shop/cart.py",)),
        Hunted(detectors=("bare-except",), problems=("bare-except could not look",)),
        Hunted(),
    ],
)
def test_nothing_is_closed_after_a_hunt_in_which_something_could_not_look(here: Place, hunted: Hunted) -> None:
    night = Nights(here)
    night(found())
    night(hunted=hunted)
    assert [issue.state for issue in issues(here).values()] == ["open"]


def test_nothing_is_closed_because_its_rule_is_switched_off(here: Place) -> None:
    night = Nights(here)
    night(found())
    night(hunted=Hunted(detectors=("shell-command",)))
    assert [issue.state for issue in issues(here).values()] == ["open"]


def test_what_people_closed_takes_no_place_among_the_first(here: Place) -> None:
    night, toml = Nights(here), "[hunt]\ntop_findings = 1\n"
    both = found(severity="high"), found(path="shop/other.py", severity="low")
    night(*both, toml=toml)
    ((_, issue),) = issues(here).items()
    issue.state = "closed"
    night(*both, toml=toml)
    assert len(issues(here)) == 2


def test_no_more_a_day_than_the_settings_allow_and_the_rest_another_day(here: Place) -> None:
    night, toml = Nights(here), "[hunt]\nfiled_a_day = 2\n"
    many = [found(path=f"shop/part{n}.py") for n in range(5)]
    assert night(*many, toml=toml)["issues"] == "2"
    assert night(*many, toml=toml)["issues"] == "0"
    here.clock.sleep(24 * 3600)
    assert night(*many, toml=toml)["issues"] == "2"
    assert len(issues(here)) == 4


def test_what_people_wrote_of_already_is_not_filed(here: Place) -> None:
    here.issue("Bare except in the cart", "In shop/cart.py there is a bare-except that ate my Ctrl-C.", "dora")
    here.issue("Other", "shop/cart.python and bare-except are not the same file", "dora")
    night = Nights(here)
    assert night(found(), found("shell-command"))["issues"] == "1"
    assert [issue.title for issue in issues(here).values()] == ["A command built of text: shop/cart.py"]


def test_act_09_what_lies_beyond_the_first_page_counts(here: Place) -> None:
    night = Nights(here)
    night(found())
    for n in range(130):
        number = here.issue(f"Another {n}", "Text.", "dora")
        here.repo.issues[number].labels.append("factory:finding")
    night(found(line=8))
    assert sum("An except without a type" in issue.title for issue in issues(here).values()) == 1


@pytest.mark.parametrize("skip", [0, 1])
def test_a_look_up_that_fails_files_nothing(here: Place, skip: int) -> None:
    """Neither that of our own issues nor that of what people wrote."""
    here.faults.add(Fault("down", "GET", "/issues$", times=0, skip=skip))
    with pytest.raises(HubProblem):
        Nights(here)(found())
    assert issues(here) == {}


def test_what_a_person_deleted_stays_away_also_when_the_job_that_filed_it_died(here: Place) -> None:
    """CRS-02: between the issue and the word about it in the books."""
    night = Nights(here)
    here.faults.add(Fault("down", "POST", "git-receive-pack", times=0, skip=1))
    with pytest.raises(HubProblem):
        night(found())
    here.faults.clear()
    ((number, _),) = issues(here).items()
    night(found())
    del here.repo.issues[number]
    night(found())
    assert issues(here) == {}


def test_a_stranger_s_copy_of_a_marker_is_not_ours(here: Place) -> None:
    """A marker that was copied from a visible issue makes no other ours: it is neither edited nor closed."""
    night = Nights(here)
    night(found())
    ((_, ours),) = issues(here).items()
    number = here.issue("Mine", ours.body, "dora")
    here.repo.issues[number].labels.append("factory:finding")
    night()
    assert here.repo.issues[number].state == "open"


def test_the_text_of_the_code_mentions_closes_and_leads_nowhere(here: Place) -> None:
    marker = "<!-- factory:v1 run=a kind=b -->"
    evil = f"except:  # @everyone fixes #1 ![x](https://evil.example/p.png) <img src=x> ``` {marker}"
    Nights(here)(found(path="shop/@ann.py", text=evil))
    ((_, issue),) = issues(here).items()
    outside = issue.body.split("```")
    assert "evil.example" not in outside[0] + outside[-1]
    assert "@ann" not in issue.title
    assert issue.body.count("<!-- factory:v1") == 1


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", ".git/config", "a\nb.py"])
def test_a_path_that_is_none_is_left_out(here: Place, path: str) -> None:
    assert Nights(here)(found(path=path))["issues"] == "0"


def test_another_file_than_was_announced_is_refused(here: Place) -> None:
    with pytest.raises(Refusal, match="not the one"):
        Nights(here)(found(), spoil=" ")


def test_a_bundle_of_another_run_opens_nothing(here: Place) -> None:
    item = found()
    theme = Theme(id="t-1", detector="bare-except", package="shop", findings=(item.id,), lines=2)
    ticket = Nights(here).ticket()
    context = here.job(ticket, "file", event="schedule")
    catch = Catch(commit=here.base_sha, rules=RULES, ranked=ranked([item], {}), themes=(theme,), hunted=Hunted())
    text = Night(catch=catch, mended=(Mended(theme="t-1", run="gh-0-000000000000", digest="0" * 64),)).to_json()
    (context.temp / "hunt.json").write_text(text)
    assert hunt(context, context.temp, digest(text), config=context.temp / "none.toml", clock=here.clock) == 1
    assert here.sent("POST", "/pulls") == 0
    assert here.sent("POST", "/issues") == 1, "its finding is filed instead"


def test_never_files_when_the_settings_say_so(here: Place) -> None:
    assert Nights(here)(found(), toml='[hunt]\nissues = "never"\n')["issues"] == "0"


def test_code_scanning_gets_a_log_that_it_can_read(here: Place) -> None:
    ticket = Nights(here).ticket()
    context = here.job(ticket, "scan", event="schedule", permissions={"contents": "read", "security_events": "write"})
    catch = Catch(commit=here.base_sha, rules=RULES, ranked=ranked([found(), found("shell-command")], {}))
    text = Night(catch=catch).to_json()
    (context.temp / "hunt.json").write_text(text)
    assert scan(context, context.temp, digest(text), config=context.temp / "none.toml", clock=here.clock) == 0
    (made,) = analyses_of(here.repo).values()
    assert (made.problem, made.commit, made.ref) == ("", here.base_sha, "refs/heads/main")
    assert len(made.log["runs"][0]["results"]) == 2


def test_a_log_that_is_too_big_keeps_its_worst_findings() -> None:
    rows = ranked([found(path=f"p{n}.py", text=digest(str(n))) for n in range(200)], {})
    log = fitting(Catch(commit="c" * 40, rules=RULES, ranked=rows), most=4000)
    kept = json.loads(log)["runs"][0]["results"]
    assert 0 < len(kept) < 200
    assert len(base64.b64encode(gzip.compress(log.encode()))) < 6000
    assert kept[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == rows[0].finding.path
