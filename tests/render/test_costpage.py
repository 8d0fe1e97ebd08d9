"""The month's page and the line below a pull request: what is not known is said so, and never shown as nothing."""

import re
from decimal import Decimal

import pytest

from factory.contracts.bill import Bill, DayCost, MonthCost
from factory.contracts.story import Cost, Yardstick
from factory.render import bills, plots, pull
from factory.render.costpage import page
from tests.render.parts import MARKER
from tests.render.stories import accepted

PRICE = Yardstick(endpoint="m-frontier", price_in=Decimal(3), price_out=Decimal(15))
LOCAL = Cost(role="backend", tier="local", endpoint="box", calls=3, cost=0, tokens_in=900_000, tokens_out=10_000,
             tokens_cached=0, seconds=1800)  # fmt: skip
FAR = LOCAL.but(role="genesis", tier="frontier", endpoint="cloud", cost=250_000, tokens_in=50_000, tokens_out=1_000)
BILL = Bill(name="r1", title="Add <script>alert(1)</script> codes", pull=42, merged="2026-11-03T10:00:00.000Z",
            runs=("r1", "r2"), costs=(FAR, LOCAL))  # fmt: skip
MONTH = MonthCost(
    month="2026-11", roles=(FAR, LOCAL), merged=(BILL,), yardstick=PRICE,
    days=(DayCost(day="2026-11-02", tier="local", cost=0, tokens_in=900_000, tokens_out=10_000),
          DayCost(day="2026-11-03", tier="frontier", cost=250_000, tokens_in=50_000, tokens_out=1_000)),
)  # fmt: skip


def test_the_page_asks_for_nothing_and_escapes_what_came_from_elsewhere() -> None:
    made = page(MONTH)
    assert "<script>alert" not in made
    assert "&lt;script&gt;alert" in made
    assert not re.search(r'(src|href)="(?!#)', made)
    assert "default-src &#x27;none&#x27;" in made


def test_the_page_says_what_was_spent_and_what_frontier_only_would_have_cost() -> None:
    made = page(MONTH)
    assert "<dt>Spent</dt><dd>$0.250</dd>" in made
    assert "<dt>Frontier-only</dt><dd>$3.02</dd>" in made  # 950,000 * 3 + 11,000 * 15
    assert "m-frontier: $3 in, $15 out per million tokens, no caching" in made
    assert made.count('class="bar local"') == 1
    assert made.count('class="bar frontier"') == 1


def test_what_is_not_known_is_said() -> None:
    made = page(MONTH.but(yardstick=None))
    assert "<dt>Frontier-only</dt><dd>not known</dd>" in made
    assert 'class="curve instead"' not in made
    assert bills.row(BILL)[6:] == ("not known", "0.50 h", "not known", "not known")
    assert bills.power(BILL.but(kwh=0.5, kwh_how="estimate")) == "about 0.500 kWh"
    assert bills.power(BILL.but(kwh=0.5, kwh_how="measured")) == "0.500 kWh"


@pytest.mark.parametrize(
    ("minutes", "unknown", "said"),
    [(None, 3, "not known"), (None, 0, "not known"), (12.4, 0, "12 m"), (12.4, 2, "12 m, of 2 runs not known"),
     (0.0, 0, "0 m")],
)  # fmt: skip
def test_runner_minutes_of_a_month(minutes: float | None, unknown: int, said: str) -> None:
    made = page(MONTH.but(runner_minutes=minutes, runner_unknown=unknown))
    assert f"<dt>Runner minutes</dt><dd>{said}</dd>" in made


def test_an_empty_month_is_a_page_too() -> None:
    made = page(MonthCost(month="2026-02", days=(), merged=(), roles=()))
    assert "Cost of February 2026" in made
    assert "No model was asked in this month." in made


def test_the_line_below_a_pull_request() -> None:
    story = accepted().but(costs=(LOCAL, FAR), yardstick=PRICE, runner_minutes=7.2)
    said = bills.footer(story)
    assert said.startswith("Cost $0.250; 910k tokens local, 51k cloud; ")
    assert "7 runner minutes; frontier-only would have cost $3.02 (" in said
    body = pull.body(story, MARKER)
    assert body.endswith(f"{said}\n\n{MARKER}")
    assert "runner" not in bills.footer(story.but(runner_minutes=None))
    assert "frontier-only" not in bills.footer(story.but(yardstick=None))


@pytest.mark.parametrize(("value", "top"), [(0, 1), (0.3, 0.4), (7, 8), (9, 10), (2_500_000, 4_000_000), (1, 1)])
def test_an_axis_ends_at_a_round_number(value: float, top: float) -> None:
    assert plots._round(value) == pytest.approx(top)


@pytest.mark.parametrize("values", [(0.2, 9.0), (0.0, 0.0), (5.0, 5.1), (9.0, 0.2)])
@pytest.mark.parametrize("count", [1, 2, 30])
def test_the_words_at_the_lines_ends_cross_no_line_and_not_each_other(count: int, values: tuple[float, float]) -> None:
    days = [f"2026-11-{n + 1:02}" for n in range(count)]
    series = {kind: [*([0.0] * (count - 1)), value] for kind, value in zip(("spent", "instead"), values, strict=True)}
    drawn = str(plots.lines(days, series, lambda value: f"${value:.3f}", "t"))
    ends = [float(x) for x in re.findall(r'<circle cx="([\d.]+)"', drawn)]
    words = re.findall(r'<text x="([\d.]+)" y="([\d.]+)" class="value">', drawn)
    assert len(words) == len(ends) == 2
    assert all(float(x) > max(ends) for x, _ in words)  # no line goes beyond its end
    assert not [x for x in re.findall(r'x2="([\d.]+)"', drawn) if float(x) > 960 - 84]
    (first, second), bottom = (float(y) for _, y in words), 260 - 28 + 4
    assert abs(first - second) >= 15
    assert max(first, second) <= bottom
