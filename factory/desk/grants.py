"""Grants: made and signed for one (run, role, unit), and the one gate that every use of a tool goes through.

The key never leaves this process; a request to a model holds nothing of a grant but the names of its tools. What the
gate said is a step of the journal, so that a replay and a resumed run hear the same, whatever the time is then.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from factory.contracts.grant import STANDARD, TESTS, Grant, GrantSettings, Ruling, Standard, Use
from factory.contracts.record import Json, digest
from factory.contracts.seams import Scope
from factory.edits.leases import covers

LONGEST = 24 * 60.0  # minutes a grant holds where a run may take as long as it likes
_NOTHING = Standard(tools=())
_RUNS: dict[str, Callable[[tuple[str, ...]], bool]] = {  # tools that are nothing without something to execute
    "run_tests": lambda execute: TESTS in execute,
    "run_command": lambda execute: any(name != TESTS for name in execute),
}


@dataclass(frozen=True)
class Holder:
    """Who stands at the gate."""

    run: str
    role: str
    unit: str


@dataclass(frozen=True)
class Issuer:
    """Makes grants of one run. `seal` is the run's own key; `now` gives ISO 8601, UTC."""

    seal: bytes
    settings: Mapping[str, GrantSettings]
    minutes: float | None
    now: Callable[[], str]

    @property
    def key(self) -> bytes:
        return hmac.digest(self.seal, b"factory grant v1", "sha256")

    def narrowed(self, role: str) -> bool:
        """Did the owner choose what this role may use or execute?"""
        own = self.settings.get(role, GrantSettings())
        return own.tools is not None or own.execute is not None

    def issue(self, holder: Holder, writes: tuple[str, ...] = ()) -> Grant:
        """By the table of roles and the settings; a role that may not write has no lease, whatever it is given."""
        standard = STANDARD.get(holder.role, _NOTHING)
        own = self.settings.get(holder.role, GrantSettings())
        tools = standard.tools if own.tools is None else own.tools
        if not standard.writes:
            tools = tuple(name for name in tools if name != "edit")
        execute = standard.execute if own.execute is None else own.execute
        idle = [name for name, runs in _RUNS.items() if not runs(execute)]
        issued = self.now()
        grant = Grant(
            run=holder.run, role=holder.role, unit=holder.unit,
            tools=tuple(name for name in tools if name not in idle),
            reads=("**",) if own.reads is None else (*own.reads, *writes),
            writes=writes if "edit" in tools else (),
            execute=execute,
            network=own.network or standard.network,
            mcp=own.mcp or (),
            money=standard.money if own.reason_usd is None else int(own.reason_usd * 1_000_000),
            issued=issued, expires=_later(issued, min(self.minutes or LONGEST, LONGEST)),
        )  # fmt: skip
        return grant.but(signature=_sign(grant, self.key))


@dataclass(frozen=True)
class Gate:
    """The one place where it is decided whether a tool may be used. Each use is a row in the trail, allowed or not."""

    grant: Grant
    holder: Holder
    key: bytes
    now: Callable[[], str]
    scope: Scope
    note: Callable[[str, Json], None]

    def rule(self, use: Use) -> Ruling:
        return self.scope.step("grant", use, lambda: self._decided(use), Ruling)

    def _decided(self, use: Use) -> Ruling:
        why = invalid(self.grant, self.holder, self.key, self.now())
        ruling = Ruling(allowed=False, why=why, instead="nothing: end your work") if why else covered(self.grant, use)
        row = {"tool": use.tool[:100], "arguments": use.arguments, "role": self.holder.role, "unit": self.holder.unit}
        if ruling.allowed:
            self.note("tool_used", row)
        else:
            self.note("tool_denied", {**row, "why": ruling.why[:500]})
        return ruling


def invalid(grant: Grant, holder: Holder, key: bytes, now: str) -> str:
    """Why this grant is none for this holder now; '' when it holds."""
    if not hmac.compare_digest(grant.signature.encode(), _sign(grant, key).encode()):
        return "this grant was altered, or another run made it"
    if (grant.run, grant.role, grant.unit) != (holder.run, holder.role, holder.unit):
        return f"this grant is {grant.role}'s for {grant.unit or 'no unit'}, not yours"
    if not _moment(grant.issued) <= _moment(now) < _moment(grant.expires):
        return "this grant has expired"
    return ""


def covered(grant: Grant, use: Use) -> Ruling:
    """What the grant says of a use."""
    has = ", ".join((*(name for name in grant.tools if name != "edit"), "finish"))
    if use.server:
        return _ruled(use.server in grant.mcp, f"{grant.role} may not use the server {use.server}", has)
    if use.tool not in grant.tools:
        return Ruling(allowed=False, why=f"{grant.role} may not use {use.tool}", instead=has)
    if use.execute and use.execute not in grant.execute:
        what = "run tests" if use.execute == TESTS else "run this command"
        commands = [f"`{name}`" for name in grant.execute if name != TESTS] if "run_command" in grant.tools else []
        return Ruling(allowed=False, why=f"{grant.role} may not {what}", instead=", ".join(commands) or has)
    if use.network == "index" and grant.network == "none":
        why = "your edits change what is installed, and nothing may be installed here"
        return Ruling(allowed=False, why=why, instead="leave dependency manifests and lock files as they were")
    hidden = next((path for path in use.paths if not may_read(grant, path)), "")
    return _ruled(not hidden, f"{grant.role} may not read {hidden[:200]}", f"to read {', '.join(grant.reads)}")


def may_read(grant: Grant, path: str) -> bool:
    return covers(grant.reads, path)


def use_of(tool: str, arguments: str, **needs: object) -> Use:
    """`arguments` as text: only their digest is kept."""
    return Use.model_validate({"tool": tool, "arguments": digest(arguments), **needs})


def _ruled(allowed: bool, why: str, instead: str) -> Ruling:
    return Ruling(allowed=True) if allowed else Ruling(allowed=False, why=why, instead=instead)


def _sign(grant: Grant, key: bytes) -> str:
    return hmac.new(key, grant.but(signature="").to_json().encode(), sha256).hexdigest()


def _later(when: str, minutes: float) -> str:
    return f"{(_moment(when) + timedelta(minutes=minutes)).isoformat(timespec='milliseconds')[:23]}Z"


def _moment(when: str) -> datetime:
    return datetime.fromisoformat(when.replace("Z", "+00:00"))
