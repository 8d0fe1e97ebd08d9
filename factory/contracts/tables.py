"""The tables of `factory.toml` that say how the line works. Those of the box stand in serving, engines and rented."""

from decimal import Decimal
from typing import Literal

from factory.contracts.model import Tier
from factory.contracts.record import Field, Record
from factory.contracts.sandbox import Limits
from factory.contracts.ticket import RoleName, Verb


class ChainSettings(Record):
    """Which endpoints answer, in order. The first chain whose roles and effort match is used."""

    name: str = Field(default="", description="what clients call it as a model; a model tier's name replaces that tier")
    roles: tuple[str, ...] = Field(default=("*",), description="role names (atlas, backend, genesis ...) or `*`")
    effort: tuple[int, int] = Field(default=(1, 10), description="lowest and highest effort, inclusive")
    endpoints: tuple[str, ...] = Field(min_length=1, description="endpoint names, best first")


class BudgetSettings(Record):
    """Hard limits, asked before every call. 0 = nothing may be spent; a missing value = no limit."""

    run_usd: Decimal | None = Field(default=Decimal("2"), ge=0, description="dollars one run may spend")
    day_usd: Decimal | None = Field(default=Decimal("10"), ge=0, description="dollars a UTC day, over all runs")
    issue_usd: Decimal | None = Field(default=Decimal("5"), ge=0, description="dollars one issue, over all its runs")
    run_tokens: int | None = Field(default=20_000_000, ge=0, description="tokens one run may use, in and out")
    run_minutes: float | None = Field(default=720, gt=0, description="wall-clock minutes one run may take")
    run_sandbox_minutes: float | None = Field(
        default=240, gt=0, description="minutes one run's checks may take in the sandbox, all together"
    )
    escalation_usd: Decimal = Field(
        default=Decimal("0.25"),
        ge=0,
        description="dollars every limit keeps for the second judge, at least one answer of the dearest; 0 = nothing",
    )


class LineSettings(Record):
    """How the line works."""

    ceiling: Tier = Field(default="local", description="highest tier any ordinary request may reach")
    escalate_to: Tier = Field(default="local", description="highest tier the second judge may be asked at")
    threads: int = Field(default=8, ge=1, le=64, description="units worked on side by side")
    coding: Literal["work", "write"] = Field(
        default="work",
        description="how units are written: `work`, the tool loop; `write`, one shot (the fixer always loops)",
    )
    rounds: int = Field(default=3, ge=1, le=10, description="most rounds of review, fix and judgement")
    candidates: int = Field(default=3, ge=1, le=8, description="candidates for a unit marked hard (local tier only)")
    judge_samples: int = Field(default=1, ge=1, le=7, description="independent judgements whose agreement counts")
    accept_at: float = Field(default=0.75, ge=0, le=1, description="confidence below which the next tier is asked")
    max_steps: int = Field(default=40, ge=1, description="steps of one tool loop")
    loop_minutes: float = Field(default=30, gt=0, description="wall clock of one tool loop")
    loop_usd: Decimal = Field(default=Decimal("1"), ge=0, description="dollars of one tool loop")
    format_errors: int = Field(default=3, ge=1, description="consecutive unreadable answers that end a tool loop")
    embeddings: str = Field(
        default="", description="a local endpoint that serves `/v1/embeddings`: ranking then asks it, too"
    )
    pack_tokens: int = Field(default=16_000, ge=1000, description="tokens of repository context in a prompt")


class CheckSettings(Record):
    """How the repository is tested."""

    verify: tuple[str, ...] = Field(default=(), description="extra commands, run in the sandbox after the tests")
    tests: tuple[str, ...] = Field(default=(), description="test commands to use instead of the ones found")
    tox: tuple[str, ...] = Field(default=(), description="tox environments to run as well")
    nox: tuple[str, ...] = Field(default=(), description="nox sessions to run as well")
    install: tuple[str, ...] = Field(default=(), description="pip requirements the tests need and no file names")
    lint: bool = Field(default=True, description="run the linters and type checkers the repository configures")
    limits: Limits = Field(default=Limits(), description="of one check in the sandbox")


class PathSettings(Record):
    """Paths that are refused or pointed out, in addition to the built-in ones."""

    protected: tuple[str, ...] = Field(default=(), description="globs that no change may touch")
    flagged: tuple[str, ...] = Field(default=(), description="globs a person must look at")


class SandboxSettings(Record):
    kind: Literal["bubblewrap", "none"] = Field(default="bubblewrap", description="`none` must be typed by a person")
    hosts: tuple[str, ...] = Field(default=(), description="more hosts that an installation may reach")


class GithubSettings(Record):
    """How the factory behaves on GitHub; counts only in the default branch's factory.toml."""

    role: RoleName = Field(default="write", description="lowest role that may start work")
    roles: dict[Verb, RoleName] = Field(default={}, description="lowest role for single commands, e.g. stop = 'triage'")
    bots: tuple[str, ...] = Field(
        default=(), description="logins of bots that may start work, exactly as GitHub has them"
    )
    hourly: int = Field(default=5, ge=1, description="runs one person may start within an hour")
    box_minutes: float = Field(
        default=30, gt=0, description="minutes a job may wait for the box before it counts as offline"
    )
    box_offline: Literal["park", "cloud"] = Field(
        default="park", description="box offline: wait for it, or let hosted jobs do its part with the cloud endpoints"
    )
    start_ci: Literal["never", "auto"] = Field(
        default="never", description="`auto`: an App token pushes, so that your CI runs the generated code by itself"
    )
    route_effort: int = Field(
        default=5, ge=1, le=10, description="`auto`: from this effort on the swarm, below it the box"
    )
    rounds: int = Field(default=5, ge=1, le=20, description="revisions of one pull request before a person must decide")
    revision_minutes: float = Field(
        default=480, gt=0, description="minutes that all revisions of one pull request may take together"
    )
    copilot: bool = Field(default=False, description="the router may assign Copilot when asked for it by name")
    max_files: int = Field(default=200, ge=1, description="files one change may touch")
    max_kib: int = Field(default=2048, ge=1, description="KiB all changed files together may have")
    max_inline: int = Field(default=20, ge=0, description="inline review comments a round")
