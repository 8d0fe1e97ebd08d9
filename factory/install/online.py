"""What `factory doctor` looks at on GitHub: labels, Actions' settings, secrets' names, runners, workflows."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Protocol

from factory.contracts.record import Json
from factory.forge.labels import LABELS, TRIGGERS
from factory.install.checkup import Row, missing, ok, unknown, weaker
from factory.install.triggered import Triggered, triggered
from factory.settings import Settings

MOST_SKEW = 60  # seconds
SECRETS = {
    "FACTORY_GATE_KEY": "without it no ticket is signed, so no hand-over between workflow runs: `factory init --keys`",
    "FACTORY_MARKER_KEY": "without it what the factory wrote is known by its author only: `factory init --keys`",
    "FACTORY_APP_KEY": "without an App, GITHUB_TOKEN writes: a person must click before CI runs on its pull requests",
}


class Asks(Protocol):
    """What is asked of GitHub."""

    def get(self, path: str) -> Any:
        """By path below the repository; None where the token may not, or nothing is there."""
        ...

    def default_branch(self) -> str: ...

    def server_time(self) -> str: ...


class Online:
    """The checks of one repository; each asks little, and says so when the token may not know."""

    def __init__(self, hub: Asks, settings: Settings) -> None:
        self.hub = hub
        self.settings = settings

    def clock(self) -> Iterator[Row]:
        """This machine's clock beside GitHub's."""
        self.hub.default_branch()
        theirs = self.hub.server_time()
        skew = abs((datetime.now(UTC) - datetime.fromisoformat(theirs.replace("Z", "+00:00"))).total_seconds())
        yield (
            ok("clock", f"{skew:.0f} s from GitHub's")
            if skew <= MOST_SKEW
            else weaker(
                "clock", f"{skew:.0f} s from GitHub's: switch time synchronisation on (timedatectl set-ntp true)"
            )
        )

    def labels(self) -> Iterator[Row]:
        gone = [label.name for label in LABELS if self.hub.get(f"labels/{label.name}") is None]
        needed = [name for name in gone if name in TRIGGERS]
        if not gone:
            yield ok("labels", f"{len(LABELS)} there")
            return
        row = missing if needed else weaker
        yield row("labels", f"{', '.join(gone)} not there: `factory init --github OWNER/NAME` makes them")

    def actions(self) -> Iterator[Row]:
        """Settings of Actions that can be read with this token."""
        found = self.hub.get("actions/permissions")
        if found is None:
            yield unknown("actions", "the token may not read the settings of Actions (Administration: read)")
        elif not found.get("enabled", True):
            yield missing("actions", "Actions are switched off: Settings > Actions > General")
        else:
            yield ok("actions", f"on, {found.get('allowed_actions', 'all')} actions allowed")
        rights = self.hub.get("actions/permissions/workflow")
        if rights is None:
            return
        default = rights.get("default_workflow_permissions", "?")
        yield (
            ok("workflow permissions", "read by default")
            if default == "read"
            else weaker(
                "workflow permissions",
                f"{default} by default: set them to read, the factory's jobs ask for what they need",
            )
        )
        if not rights.get("can_approve_pull_request_reviews"):
            yield weaker(
                "pull requests",
                "GITHUB_TOKEN may not open pull requests: tick `Allow GitHub Actions to create and approve pull "
                "requests` under Settings > Actions > General, or use an App",
            )

    def keys(self) -> Iterator[Row]:
        """Names of secrets and variables; nobody can read a secret's value."""
        secrets, variables = self.hub.get("actions/secrets"), self.hub.get("actions/variables")
        if secrets is None or variables is None:
            yield unknown("secrets", "the token may not list secrets and variables (Secrets, Variables: read)")
            return
        names = {item["name"] for item in secrets.get("secrets", ())}
        for name, without in SECRETS.items():
            yield ok(name, "set") if name in names else weaker(name, without)
        if "FACTORY_GATE_KEY" in names and "FACTORY_GATE_PUBLIC" not in {
            item["name"] for item in variables.get("variables", ())
        }:
            yield missing("FACTORY_GATE_PUBLIC", "tickets are signed and nobody can check them: `factory init --keys`")

    def runners(self) -> Iterator[Row]:
        """Is a runner with the box's labels there, and awake?"""
        found = self.hub.get("actions/runners")
        if found is None:
            yield unknown("box", "the token may not list runners (Administration: read)")
            return
        mine = [item for item in found.get("runners", ())
                if {"self-hosted", "gpu"} <= {label["name"] for label in item.get("labels", ())}]  # fmt: skip
        if not mine:
            yield missing("box", "no runner has the labels self-hosted and gpu: register one under Settings > Actions")
        for item in mine:
            row = ok if item.get("status") == "online" else weaker
            yield row("box", f"{item['name']} is {item.get('status', '?')}")

    def workflows(self) -> Iterator[Row]:
        """The callers on the default branch, and which other workflows would run what the factory writes."""
        files = self._workflow_files()
        mine = [name for name in files if name.startswith("factory-") or name == "local-agent-worker.yml"]
        yield (
            ok("default branch", f"{', '.join(mine)}")
            if mine
            else missing(
                "default branch", "no workflow of the factory's there: `factory init`, then merge what it wrote"
            )
        )
        others = [triggered(name, text) for name, text in files.items() if name not in mine]
        yield from _ci_rows([each for each in others if each and each.by], self.settings.github.start_ci)

    def _workflow_files(self) -> dict[str, str]:
        listed: list[Json] = self.hub.get("contents/.github/workflows") or []
        names = [item["name"] for item in listed if item["name"].endswith((".yml", ".yaml"))]
        return {name: _text(self.hub.get(f"contents/.github/workflows/{name}") or {}) for name in names[:100]}


def _ci_rows(found: list[Triggered], start_ci: str) -> Iterator[Row]:
    """What would run the factory's code by itself, with which secrets."""
    for each in found:
        what = f"runs on {', '.join(each.by)}" + (f" with {', '.join(each.secrets)}" if each.secrets else "")
        dangerous = "pull_request_target" in each.by or (start_ci == "auto" and each.secrets)
        part = f"workflow {each.name}"
        if dangerous:
            yield weaker(
                part, f'{what}: it would run generated code with them; set start_ci = "never" or move the secrets'
            )
        else:
            yield ok(part, what if start_ci == "auto" else f"{what}; held until a person clicks")


def _text(item: Json) -> str:
    return base64.b64decode(item.get("content", "")).decode(errors="replace")
