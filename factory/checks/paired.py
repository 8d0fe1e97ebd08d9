"""One suite's two runs with their cases: what rerun and conclude work on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from factory.checks.bench import Errand
from factory.checks.compare import RED, Comparison, compare, file_of
from factory.checks.execute import LIMITS, RUN, Ran
from factory.contracts.evidence import CaseStatus

Cases = Mapping[str, CaseStatus]


@dataclass(frozen=True)
class Paired:
    """Roles: `suite` (the base's tests on base and guard), `own` (the candidate's tests), `verify`, `lint`,
    `reproduction`. For `own`, `base_cases` are the base's cases of the same files and `proof_cases` what the
    candidate's tests gave on the base's code.
    """

    role: str
    errand: Errand
    base_errand: Errand | None
    base: Ran
    candidate: Ran
    base_cases: Cases
    candidate_cases: Cases
    proof_cases: Cases = field(default_factory=dict)
    elsewhere: frozenset[str] = frozenset()  # red in the guard run already: reported there
    flaky: frozenset[str] = frozenset()

    @property
    def comparison(self) -> Comparison:
        return compare(self.base_cases, self.candidate_cases)

    @property
    def crashed(self) -> bool:
        """The candidate's run named no test at all, so nothing can be said about single ones."""
        return set(self.candidate_cases) == {RUN}

    @property
    def uncollected(self) -> bool:
        """A file could not be loaded: what is missing there is broken, not removed."""
        return any(status in RED and "::" not in name for name, status in self.candidate_cases.items())

    @property
    def suspects(self) -> tuple[str, ...]:
        """Red now and not before; tests of the base that a file's failure to load took away."""
        if self.role in ("lint", "reproduction"):
            return ()
        found = self.comparison
        lost = [name for name in found.vanished if self.base_cases[name] == "passed"]
        missing = lost if self.role == "suite" and self.uncollected and not self.crashed else []
        return tuple(name for name in (*found.suspects, *missing) if name not in self.elsewhere)

    @property
    def repeatable(self) -> bool:
        """Running into a limit again costs the whole limit again and says the same."""
        return self.candidate.outcome.status not in LIMITS

    @property
    def shows(self) -> tuple[str, ...]:
        """Candidate's tests that are red on the base's code and green on the candidate's."""
        return tuple(
            sorted(
                name
                for name, status in self.candidate_cases.items()
                if status == "passed" and self.role == "own" and red_in(self.proof_cases, name)
            )
        )


def partner(pair: Paired, others: Sequence[Paired]) -> Paired | None:
    """The same suite among `others`; where it is now found as another kind (unittest, pytest), that of its folder."""
    suite = pair.errand.suite
    near = [other for other in others if suite.group and (other.errand.suite.group, other.errand.suite.folder) ==
            (suite.group, suite.folder)]  # fmt: skip
    return next((other for other in others if other.errand.suite.name == suite.name), near[0] if near else None)


def red_in(cases: Cases, name: str) -> bool:
    """Red by itself, or its file could not even be loaded."""
    if name in cases:
        return cases[name] in RED
    file = file_of(name)
    stem = file.rpartition("/")[2].removesuffix(".py")
    return bool(file) and any(
        status in RED and other in (file, f"{stem} (import)", file.removesuffix(".py").replace("/", ".") + " (import)")
        for other, status in cases.items()
    )
