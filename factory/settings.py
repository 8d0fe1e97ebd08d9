"""`factory.toml` and the environment become one frozen `Settings`. docs/configuration.md is generated from here."""

import difflib
import ipaddress
import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

from factory.contracts.egress import EgressSettings
from factory.contracts.engines import CardSettings, ModelSettings, ProfileSettings
from factory.contracts.errors import UsageProblem
from factory.contracts.grant import STANDARD, GrantSettings, McpSettings
from factory.contracts.memory_settings import MemorySettings
from factory.contracts.model import Endpoint, grade_of
from factory.contracts.night import AlertSettings, HuntSettings
from factory.contracts.record import Field, Record, ValidationError, model_validator
from factory.contracts.rented import RentedSettings
from factory.contracts.sandbox import Limits
from factory.contracts.screen import PageServer
from factory.contracts.serving import ServeSettings
from factory.contracts.tables import (
    BudgetSettings,
    ChainSettings,
    CheckSettings,
    GithubSettings,
    LineSettings,
    PathSettings,
    SandboxSettings,
)

FROM_REPOSITORY = ("checks", "paths")  # the only tables that a target repository's own file may set


class Settings(Record):
    endpoints: dict[str, Endpoint] = Field(default={}, description="model endpoints by name")
    chain: tuple[ChainSettings, ...] = Field(default=(), description="which endpoints answer which role")
    budget: BudgetSettings = BudgetSettings()
    line: LineSettings = LineSettings()
    checks: CheckSettings = CheckSettings()
    paths: PathSettings = PathSettings()
    sandbox: SandboxSettings = SandboxSettings()
    egress: EgressSettings = EgressSettings()
    memory: MemorySettings = MemorySettings()
    github: GithubSettings = GithubSettings()
    hunt: HuntSettings = HuntSettings()
    alerts: AlertSettings = AlertSettings()
    grants: dict[str, GrantSettings] = Field(default={}, description="what roles may do in the tool loop, by role")
    mcp: dict[str, McpSettings] = Field(default={}, description="MCP servers whose tools may be granted, by name")
    pages: dict[str, PageServer] = Field(default={}, description="servers that `screenshot` may start, by name")
    serve: ServeSettings = ServeSettings()
    models: dict[str, ModelSettings] = Field(default={}, description="models that `factory serve` starts, by name")
    cards: dict[str, CardSettings] = Field(default={}, description="what is said of single cards, by index")
    profiles: dict[str, ProfileSettings] = Field(default={}, description="sets of models, by name")
    rented: dict[str, RentedSettings] = Field(default={}, description="machines that may be rented, by name")

    @model_validator(mode="after")
    def _chains_name_endpoints(self) -> "Settings":
        for chain in self.chain:
            for name in chain.endpoints:
                if name not in self.names:
                    raise ValueError(f"chain names the endpoint {name!r}, which is not in [endpoints]")
        return self

    @model_validator(mode="after")
    def _embeddings_stay_here(self) -> "Settings":
        name = self.line.embeddings
        if name and (
            name not in self.names or self.endpoint(name).tier != "local" or self.endpoint(name).wire != "openai"
        ):
            raise ValueError(f"line.embeddings = {name!r} must name an endpoint of the tier local and the wire openai")
        return self

    @model_validator(mode="after")
    def _names_are_used_once(self) -> "Settings":
        twice = next((name for name in self.names if self.names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"{twice!r} names two of [endpoints], [models], variants and [rented]: rename one")
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

    @model_validator(mode="after")
    def _grants_name_what_is_there(self) -> "Settings":
        for role, grant in self.grants.items():
            if role not in STANDARD:
                raise ValueError(f"[grants.{role}] names no role: there are {', '.join(STANDARD)}")
            if "edit" in (grant.tools or ()) and not STANDARD[role].writes:
                raise ValueError(f"[grants.{role}] grants `edit`, and {role} only reads: no setting changes that")
            strange = next((name for name in grant.mcp or () if name not in self.mcp), None)
            if strange is not None:
                raise ValueError(f"[grants.{role}] names the MCP server {strange!r}, which is not in [mcp]")
        return self

    @model_validator(mode="after")
    def _mcp_servers_say_where_they_are(self) -> "Settings":
        for name, server in self.mcp.items():
            if not re.fullmatch("[a-z0-9][a-z0-9-]{0,19}", name):
                raise ValueError(f"[mcp.{name}]: a name has at most 20 small letters, digits and dashes")
            if server.url and not is_here(server.url) and server.tier == "local":
                raise ValueError(
                    f"[mcp.{name}] is not on this machine: say its tier (rented or frontier), so that [egress] checks "
                    "what is sent to it"
                )
            if server.url and not is_here(server.url) and not server.url.startswith("https://"):
                raise ValueError(f"[mcp.{name}] is not on this machine: its url must begin with https://")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """What a [[chain]] may name: endpoints, models and their variants, rented machines."""
        variants = [variant for model in self.models.values() for variant in model.variants]
        return (*self.endpoints, *self.models, *variants, *self.rented)

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint of that name. What `factory serve` keeps up is reached through its port."""
        if name in self.endpoints:
            return self.endpoints[name]
        whole = next((model for model in self.models.values() if name in model.variants), None)
        kept: ModelSettings | RentedSettings = whole or self.models.get(name) or self.rented[name]
        host = self.serve.host if self.serve.host not in ("0.0.0.0", "::") else "127.0.0.1"  # noqa: S104 (compared)
        return Endpoint(
            name=name,
            wire="openai",
            url=f"http://{host}:{self.serve.port}/v1",
            model=name,
            tier="rented" if name in self.rented else "local",
            context=kept.context,
            max_output=kept.max_output,
            key_env="FACTORY_KEY" if self.serve.keys else "",
            factory=True,
            grades=whole.variants[name].grades if whole else kept.grades,
            vision=getattr(kept, "vision", False),  # a rented machine is shown no pictures
        )

    def endpoints_for(self, role: str, effort: int) -> tuple[Endpoint, ...]:
        """The chain of a role at an effort, best first.

        Without any [[chain]]: all that serve the effort's model tier, in the file's order; all when none says so.
        """
        for chain in self.chain:
            low, high = chain.effort
            if (role in chain.roles or "*" in chain.roles) and low <= effort <= high:
                return tuple(map(self.endpoint, chain.endpoints))
        everything = () if self.chain else tuple(map(self.endpoint, self.names))
        grade = grade_of(effort)
        return tuple(one for one in everything if not one.grades or grade in one.grades) or everything


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


def is_here(url: str) -> bool:
    """Is the host of a URL this very machine, by address or by the one name that always means it?"""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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
    """The valid keys of a table, by the path to it; a name or number in it stands for an entry of a table of tables."""
    record: type[Record] = Settings
    for part in where:
        field = record.model_fields.get(part)
        inner = [field.annotation, *get_args(field.annotation)] if field else []
        record = next((one for one in inner if isinstance(one, type) and issubclass(one, Record)), record)
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
