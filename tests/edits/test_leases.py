"""Plans are refused before anyone works on them: leases, order, size, places."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.contracts.errors import EditProblem
from factory.contracts.plan import Criterion, Plan, Stub, Unit
from factory.edits.leases import covers, plan_problems, waves
from factory.edits.paths import PathPolicy

POLICY = PathPolicy()


def unit(
    name: str,
    *owns: str,
    after: tuple[str, ...] = (),
    acceptance: tuple[str, ...] = (),
    reads: tuple[str, ...] = (),
    removes: tuple[str, ...] = (),
) -> Unit:
    return Unit(
        id=name,
        role="backend",
        title=name,
        instructions="do",
        owns=owns,
        after=after,
        acceptance=acceptance,
        reads=reads,
        removes=removes,
    )


def plan(*units: Unit, effort: int = 5, criteria: tuple[str, ...] = ("c1",), stubs: tuple[Stub, ...] = ()) -> Plan:
    return Plan(
        summary="s",
        effort=effort,
        acceptance=tuple(Criterion(id=name, text="t") for name in criteria),
        units=units,
        stubs=stubs,
    )


def problems(made: Plan, paths: tuple[str, ...] = ("src/a.py", "src/b.py")) -> str:
    return " ".join(plan_problems(made, paths, POLICY))


def test_a_good_plan() -> None:
    good = plan(
        unit("api", "src/api/**", "src/api.py", acceptance=("c1",)),
        unit("web", "web/", reads=("src/api.py", "src/")),
        unit("join", "src/main.py", after=("api", "web"), removes=("src/main.py:old", "web/a.test.js:does it work?")),
        stubs=(Stub(path="src/api.py", signature="def f() -> int"),),
    )
    assert problems(good) == ""
    assert [[item.id for item in wave] for wave in waves(good)] == [["api", "web"], ["join"]]


BAD = {
    "same file": (plan(unit("a", "src/a.py"), unit("b", "src/a.py")), "both own src/a.py (both cover 'src/a.py')"),
    "glob over file": (plan(unit("a", "src/**"), unit("b", "src/new.py")), "src/** / src/new.py"),
    "folder over file": (plan(unit("a", "src"), unit("b", "src/new.py")), "src / src/new.py"),
    "globs that only a new file would join": (plan(unit("a", "src/*.py"), unit("b", "**/test_*")), "both own"),
    "overlap across waves": (plan(unit("a", "x.py"), unit("b", "x.py", after=("a",))), "one unit only"),
    "cycle": (plan(unit("a", "a", after=("c",)), unit("b", "b", after=("a",)), unit("c", "c", after=("b",)),
                   unit("d", "d", after=("c",)), unit("e", "e")), "units a, b, c wait for each other"),
    "after itself": (plan(unit("a", "a", after=("a",))), "circle"),
    "unknown after": (plan(unit("a", "a", after=("zz",))), "'zz', which is no unit"),
    "unknown criterion": (plan(unit("a", "a", acceptance=("c9",))), "'c9'"),
    "unit id twice": (plan(unit("a", "a"), unit("a", "b")), "used 2 times"),
    "criterion id twice": (plan(unit("a", "a"), criteria=("c1", "c1")), "used 2 times"),
    "small task, two units": (plan(unit("a", "a"), unit("b", "b"), effort=3), "effort 3"),
    "nine in a wave": (plan(*(unit(f"u{n}", f"f{n}") for n in range(9))), "Wave 1 has 9 units"),
    "thirteen at once": (plan(*(unit(f"u{n}", f"f{n}") for n in range(13))), "at most 8"),
    "four waves": (plan(*(unit(f"u{n}", f"f{n}", after=(f"u{n - 1}",) if n else ()) for n in range(4))), "4 waves"),
    "outside": (plan(unit("a", "../x/**")), "outside the repository"),
    "absolute": (plan(unit("a", "/etc/passwd")), "outside the repository"),
    "protected": (plan(unit("a", ".github/workflows/**")), "protected"),
    "protected twin": (plan(unit("a", ".GITHUB/Workflows/ci.yml")), "protected"),
    "inside .git": (plan(unit("a", ".git/hooks/*")), "inside .git"),
    "reads outside": (plan(unit("a", "a", reads=("../../.ssh/id_ed25519",))), "reads"),
    "stub outside": (plan(unit("a", "a"), stubs=(Stub(path="/x", signature="f"),)), "stub"),
    "removes everything": (plan(unit("a", "tests/**", removes=("*",))), "removes '*'"),
    "removes a folder": (plan(unit("a", "tests/**", removes=("tests/*:test_a",))), "no globs"),
    "removes whatever is in a file": (plan(unit("a", "tests/**", removes=("tests/test_a.py:*",))), "no globs"),
    "removes a whole file": (plan(unit("a", "tests/**", removes=("tests/test_a.py",))), "path:name"),
    "removes a bare name": (plan(unit("a", "tests/**", removes=("test_a",))), "path:name"),
    "removes nothing of a file": (plan(unit("a", "tests/**", removes=("tests/test_a.py:",))), "path:name"),
    "removes what nobody owns": (plan(unit("a", "a.py", removes=("tests/test_a.py:test_a",))), "no unit owns"),
    "removes outside": (plan(unit("a", "**", removes=("../x.py:name",))), "outside the repository"),
    "removes without end": (plan(unit("a", "**", removes=tuple(f"x.py:f{n}" for n in range(60)))), "at most 50"),
    "endless path": (plan(unit("a", "a*" * 500)), "1000 characters"),
}  # fmt: skip


@pytest.mark.parametrize(("made", "words"), BAD.values(), ids=BAD)
def test_refused_with_a_sentence(made: Plan, words: str) -> None:
    """FAILURES 33 among them: thirteen units that need each other's code."""
    assert words in problems(made)


def test_small_effort_is_a_setting() -> None:
    two = plan(unit("a", "a"), unit("b", "b"), effort=5)
    assert plan_problems(two, (), POLICY, small_effort=4) == ()
    assert plan_problems(two, (), POLICY, small_effort=5) != ()


def test_the_number_of_sentences_is_bounded() -> None:
    assert len(plan_problems(plan(*(unit(f"u{n}", "**") for n in range(24))), (), POLICY)) <= 20


def test_waves_of_a_circle_are_refused() -> None:
    with pytest.raises(EditProblem, match="wait for each other"):
        waves(plan(unit("a", "a", after=("b",)), unit("b", "b", after=("a",))))


PARTS = ["a", "b", "[x]"]
PATHS = ["/".join(parts) for depth in (1, 2, 3) for parts in itertools.product(PARTS, repeat=depth)]
LEASE = st.lists(
    st.lists(st.sampled_from(["a", "b", "[x]", "*", "**", "?"]), min_size=1, max_size=3).map("/".join),
    min_size=1,
    max_size=3,
).map(tuple)


@settings(max_examples=120, deadline=None)
@given(LEASE, LEASE)
def test_leases_that_pass_are_disjoint_by_brute_force(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    found = plan_problems(plan(unit("one", *one), unit("other", *other)), (), POLICY)
    shared = [path for path in PATHS if covers(one, path) and covers(other, path)]
    assert not shared or any("both own" in text for text in found), shared[:3]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.integers(0, 6), max_size=3), min_size=1, max_size=7))
def test_waves_keep_the_order(after: list[list[int]]) -> None:
    made = plan(*(unit(f"u{n}", f"f{n}", after=tuple(f"u{k}" for k in chain)) for n, chain in enumerate(after)))
    try:
        order = waves(made)
    except EditProblem:
        assert problems(made)
        return
    place = {item.id: n for n, wave in enumerate(order) for item in wave}
    assert set(place) == {item.id for item in made.units}
    assert all(place[name] < place[item.id] for item in made.units for name in item.after)
