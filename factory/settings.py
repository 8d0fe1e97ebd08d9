"""`factory.toml` and the environment become one frozen `Settings`. docs/configuration.md is generated from here."""

import difflib
import ipaddress
import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from factory.contracts.engines import CardSettings, ModelSettings, ProfileSettings
from factory.contracts.errors import UsageProblem
from factory.contracts.model import Endpoint, Tier
from factory.contracts.record import Field, Record, ValidationError, model_validator
from factory.contracts.rented import RentedSettings
from factory.contracts.sandbox import Limits
from factory.contracts.serving import ServeSettings
from factory.contracts.ticket import RoleName, Verb

FROM_REPOSITORY = ("checks", "paths")  # the only tables that a target repository's own file may set


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
    copilot: bool = Field(default=False, description="the router may assign Copilot when asked for it by name")
    max_files: int = Field(default=200, ge=1, description="files one change may touch")
    max_kib: int = Field(default=2048, ge=1, description="KiB all changed files together may have")
    max_inline: int = Field(default=20, ge=0, description="inline review comments a round")


class Settings(Record):
    endpoints: dict[str, Endpoint] = Field(default={}, description="model endpoints by name")
    chain: tuple[ChainSettings, ...] = Field(default=(), description="which endpoints answer which role")
    budget: BudgetSettings = BudgetSettings()
    line: LineSettings = LineSettings()
    checks: CheckSettings = CheckSettings()
    paths: PathSettings = PathSettings()
    sandbox: SandboxSettings = SandboxSettings()
    github: GithubSettings = GithubSettings()
    serve: ServeSettings = ServeSettings()
    models: dict[str, ModelSettings] = Field(default={}, description="models that `factory serve` starts, by name")
    cards: dict[str, CardSettings] = Field(default={}, description="what is said of single cards, by index")
    profiles: dict[str, ProfileSettings] = Field(default={}, description="sets of models, by name")
    rented: dict[str, RentedSettings] = Field(default={}, description="machines that may be rented, by name")

    @model_validator(mode="after")
    def _chains_name_endpoints(self) -> "Settings":
        for chain in self.chain:
            for name in chain.endpoints:
                if name not in self.endpoints:
                    raise ValueError(f"chain names the endpoint {name!r}, which is not in [endpoints]")
        return self

    @model_validator(mode="after")
    def _far_endpoints_say_their_tier(self) -> "Settings":
        for name, endpoint in self.endpoints.items():
            near = endpoint.wire == "scripted" or (endpoint.wire != "command" and is_near(endpoint.url))
            if "tier" not in endpoint.model_fields_set and not near:
                raise ValueError(
                    f"the endpoint {name!r} is not seen to be on this machine or in this network: say its tier "
                    '("frontier" or "rented", or "local" if it is yours)'
                )
        return self

    def endpoints_for(self, role: str, effort: int) -> tuple[Endpoint, ...]:
        """The chain of a role at an effort, best first; all endpoints in the file's order when no chain matches."""
        for chain in self.chain:
            low, high = chain.effort
            if (role in chain.roles or "*" in chain.roles) and low <= effort <= high:
                return tuple(self.endpoints[name] for name in chain.endpoints)
        return () if self.chain else tuple(self.endpoints.values())


def load(path: Path | None, repository: Path | None, environment: Mapping[str, str]) -> Settings:
    """Settings from `path`, the repository's own file ([checks] and [paths] only) and FACTORY_* variables.

    `FACTORY_BUDGET__RUN_USD=1` sets budget.run_usd. Raises UsageProblem with file, line and the nearest valid name.
    """
    values = _read(path) if path is not None else {}
    own = _validated(values, path)
    if repository is not None:
        _add_targets(values, repository, own)
    source = path or repository
    for name, text in sorted(environment.items()):
        if name.startswith("FACTORY_") and "__" in name:
            _set(values, name, text)
    return _validated(values, source)


def _add_targets(values: dict[str, Any], repository: Path, own: "Settings") -> None:
    """What a target may say of itself: how it is tested, paths in addition, limits only downwards."""
    theirs = {key: value for key, value in _read(repository).items() if key in FROM_REPOSITORY}
    found = _validated(theirs, repository)
    checks = {**theirs.get("checks", {}), **values.get("checks", {})}
    checks["limits"] = {
        name: min(getattr(own.checks.limits, name), getattr(found.checks.limits, name)) for name in Limits.model_fields
    }
    values["checks"] = checks
    paths = [own.paths, found.paths]
    values["paths"] = {
        name: [glob for each in paths for glob in getattr(each, name)] for name in PathSettings.model_fields
    }


def is_near(url: str) -> bool:
    """Is the host of a URL this machine or in a private network? No URL means the vendor's own: it is not."""
    host = urlsplit(url).hostname
    if not host:
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".lan", ".internal", ".home.arpa"))
    return address.is_private or address.is_loopback


def _read(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except FileNotFoundError:
        raise UsageProblem(f"{path} does not exist: name another file with --config.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageProblem(f"{path}: not valid TOML: {error}.") from None
    endpoints = values.get("endpoints")
    if isinstance(endpoints, dict):
        for name, endpoint in endpoints.items():
            if isinstance(endpoint, dict):
                endpoint.setdefault("name", name)
                if isinstance(endpoint.get("script"), str):  # a relative path is meant from the file's own folder
                    endpoint["script"] = str(path.absolute().parent / endpoint["script"])
    return values


def _set(values: dict[str, Any], name: str, text: str) -> None:
    table, _, key = name.removeprefix("FACTORY_").lower().partition("__")
    field = Settings.model_fields.get(table)
    record = field.annotation if field else None
    if not (isinstance(record, type) and issubclass(record, Record) and key in record.model_fields):
        raise UsageProblem(f"The environment variable {name} sets nothing: see docs/configuration.md for the names.")
    target = values.setdefault(table, {})
    target[key] = tuple(part for part in text.split(",") if part) if _is_list(record, key) else text


def _is_list(record: type[Record], key: str) -> bool:
    return str(record.model_fields[key].annotation).startswith("tuple")


def _validated(values: dict[str, Any], path: Path | None) -> Settings:
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = [str(part) for part in first["loc"]]
        place = f"{path}:{_line(path, where)}" if path and path.is_file() else "settings"
        if first["type"] == "extra_forbidden":
            near = difflib.get_close_matches(where[-1], _names_at(where[:-1]), n=1, cutoff=0.0)
            hint = f"did you mean {near[0]!r}?" if near else "remove it."
            raise UsageProblem(f"{place}: unknown key {'.'.join(where)!r}: {hint}") from None
        message = first["msg"].removeprefix("Value error, ")
        raise UsageProblem(f"{place}: {'.'.join(where) or 'file'}: {message}.") from None


def _names_at(where: list[str]) -> list[str]:
    record: type[Record] = Settings
    for part in where:
        if record is Settings and part in ("endpoints", "chain"):
            record = Endpoint if part == "endpoints" else ChainSettings
            continue
        annotation = record.model_fields[part].annotation if part in record.model_fields else None
        if isinstance(annotation, type) and issubclass(annotation, Record):
            record = annotation
    return list(record.model_fields)


def _line(path: Path, where: list[str]) -> int:
    """The line of a key: the last of its names found after the table's header."""
    lines = path.read_text(encoding="utf-8").splitlines()
    start = 0
    for part in where:
        if part.isdigit():
            continue
        pattern = re.compile(rf"""^\s*(\[+.*)?["']?{re.escape(part)}["']?\s*(=|\.|\])""")
        for number in range(start, len(lines)):
            if pattern.search(lines[number]):
                start = number
                break
    return start + 1


def ignored_tables(path: Path) -> tuple[str, ...]:
    """The tables of a target's file that do not count."""
    return tuple(f"[{key}]" for key in _read(path) if key not in FROM_REPOSITORY)
