"""Stories made by hand for the renderers' tests: a bug fix that was accepted after two rounds and an escalation, a
run that ended with nothing, the least a run can be, and a tidy without a model."""

from factory.contracts.change import Wave
from factory.contracts.evidence import Evidence
from factory.contracts.finding import finding as make
from factory.contracts.plan import Criterion
from factory.contracts.run import Commit, Delivery, Output, Pull, Run, Stop
from factory.contracts.story import Span, Story
from factory.contracts.task import Event, Task
from factory.contracts.verdict import CriterionEvidence, Round, Verdict
from tests.render.books import COSTS, SENT, SPANS, TALKS
from tests.render.parts import BASE, CANDIDATE, DIFF, FIXED, PLAN, REPO, change, evidence, unit

RED = make(
    "tests",
    "broken",
    "test_one fails: 0 != 5",
    path="tests/test_cart.py",
    evidence="assert 0 == 5",
    severity="high",
)
LENS = make(
    "hydra.correctness",
    "boundary",
    "A quantity of zero slips through and gives a total of zero.",
    path="shop/cart.py",
    start=14,
    end=14,
    severity="high",
    confidence=0.8,
    evidence="if line.quantity < 1:",
    fix="Refuse it before adding.",
    fate="fixed in fix-1",
)
STYLE = make(
    "hydra.design",
    "naming",
    "`total` names both the method and the variable.",
    path="shop/cart.py",
    start=11,
    severity="low",
)
LOCK = make(
    "collect",
    "flagged_path",
    "A dependency manifest changed: a person must look.",
    path="pyproject.toml",
    severity="low",
)
LAST, FIRST = evidence(FIXED, True), evidence(CANDIDATE, False, (RED,))
SAID = (
    CriterionEvidence(criterion="A1", shown_by=("tests/test_cart.py::test_total_counts_quantity",)),
    CriterionEvidence(criterion="A2", shown_by=(LENS.id, "tests/test_cart.py::test_refused")),
    CriterionEvidence(criterion="A3", shown_by=("beef1234beef",)),
)
REVISE = Verdict(
    decision="REVISE",
    confidence=0.41,
    reasons=("test_one is red.",),
    must_fix=(RED.id,),
    model="qwen3-27b",
    endpoint="box",
    tier="local",
    terms=(("tests", -0.3), ("margin", 0.11)),
)
ACCEPT = Verdict(
    decision="ACCEPT",
    confidence=0.87,
    reasons=("The new test is red before and green after.", "The page shows it."),
    evidence=SAID,
    model="claude-opus-5",
    endpoint="anthropic",
    tier="frontier",
    escalated_from="qwen3-27b",
    escalated_because="confidence 0.62 is below 0.75",
    terms=(("tests", 0.5), ("margin", 0.22), ("open findings", -0.05)),
)
WAVE_1 = Wave(
    n=1,
    changes=(
        change("api", "backend", "Count the quantity in the total", "shop/cart.py"),
        change("page", "frontend", "Show the quantity on the page", "web/index.html"),
        change("proof", "unit", "A test that fails today", "tests/test_cart.py"),
    ),
    trees=("1" * 40, "2" * 40, CANDIDATE),
    tree=CANDIDATE,
    findings=(LOCK,),
)
WAVE_2 = Wave(
    n=2,
    changes=(
        change(
            "words",
            "scribe",
            "Say how totals are computed",
            "README.md",
            files=(),
            error="No edit block found three times over.",
        ),
    ),
    trees=(CANDIDATE,),
    tree=CANDIDATE,
)
ROUNDS = (
    Round(
        n=1,
        tree=CANDIDATE,
        findings=(RED, LENS, STYLE),
        fixes=("fix-1",),
        evidence=FIRST,
        verdict=REVISE,
        decision="go_on",
        why="one must-fix finding",
    ),
    Round(n=2, tree=FIXED, evidence=LAST, verdict=ACCEPT, decision="accept", why="0.87 is at least 0.75"),
)
DELIVERY = Delivery(
    branch="factory/12-cart-total-1a2b3c4d",
    commits=(Commit(sha="beef1234beef" + "0" * 28, unit="page", title="Show the quantity on the page"),),
    pull=Pull(
        number=3,
        url="file:///state/pulls/3.md",
        draft=False,
        title="Cart total",
        branch="factory/12",
        base="main",
    ),
)


def accepted() -> Story:
    """A bug fix: REVISE, a fix by Demiurge, then ACCEPT by a frontier judge after an escalation."""
    run = Run(
        id="20261120-shop-1a2b",
        created="2026-11-20T21:04:11Z",
        repo=REPO,
        event=Event(kind="issue", source="issue.md", number="12"),
        task=Task(
            number="12",
            title="Cart total ignores the quantity",
            body="Three tea pots cost as much as one.\n\n1. add a tea pot\n2. set it to 3\n\nThe total stays at 5.00.",
            kind="bug",
            digest="e" * 64,
        ),
        plan=PLAN,
        waves=(WAVE_1, WAVE_2),
        tree=FIXED,
        fixes=(change("fix-1", "demiurge", "Refuse a quantity below one", "shop/cart.py"),),
        fix_trees=(FIXED,),
        evidence=LAST,
        rounds=ROUNDS,
        verdict=ACCEPT,
        delivery=DELIVERY,
        output=Output(html="/tmp/out/report.html", markdown="/tmp/out/report.md", json_file="/tmp/out/run.json"),
    )
    return Story(
        run=run,
        diff=DIFF,
        spans=SPANS,
        costs=COSTS,
        sent=SENT,
        talks=TALKS,
        trail=("budget_80: 80 % of the run's tokens are used", "path_denied: .github/workflows/ci.yml"),
        logs={
            "1" * 64: "1 failed, 41 passed",
            "2" * 64: "1 failed, 43 passed",
            "3" * 64: '{"tests/test_cart.py::test_refused": "passed", "tests/test_cart.py::test_one": "passed"}',
        },
    )


def stopped() -> Story:
    """A run that ended in planning, out of money, with nothing made."""
    run = Run(
        id="20261120-none",
        created="2026-11-20T21:04:11Z",
        repo=REPO,
        event=Event(kind="issue", source="issue.md"),
        task=Task(number="local", title="Add a wish list", body="", kind="feature", digest="e" * 64),
        stopped=Stop(reason="budget", message="The run's $2.00 are spent: raise budget.run_usd.", stage="plan"),
    )
    return Story(run=run, spans=(Span(stage="intake", unit="", kind="stage", label="", start=0, seconds=0.1),))


def empty() -> Story:
    """The least a story can be: a run that failed before it read its task."""
    return Story(
        run=Run(id="20261120-least", created="2026-11-20T21:04:11Z", repo=REPO, event=Event(kind="issue", source="-"))
    )


def tidy() -> Story:
    """ruff's safe fixes, judged by nobody, in a repository without tests."""
    plan = PLAN.but(
        acceptance=(Criterion(id="T1", text="ruff's safe fixes are applied."),),
        units=(unit("tidy", "integration", "Tidy", ("T1",)),),
    )
    run = Run(
        id="20261120-tidy",
        created="2026-11-20T21:04:11Z",
        repo=REPO,
        event=Event(kind="tidy", source="command line"),
        sandbox="none",
        task=Task(number="local", title="Tidy with ruff's safe fixes", body="", kind="tidy", digest="e" * 64),
        plan=plan,
        waves=(
            Wave(
                n=1,
                changes=(change("tidy", "integration", "Tidy", "shop/cart.py"),),
                trees=(CANDIDATE,),
                tree=CANDIDATE,
            ),
        ),
        tree=CANDIDATE,
        evidence=Evidence(tree=CANDIDATE, base=BASE, sandbox="none"),
        delivery=Delivery(branch="factory/local-tidy-1a2b3c4d", commits=()),
    )
    return Story(run=run, diff=DIFF, recorded="answers from examples/shop/answers.toml")
