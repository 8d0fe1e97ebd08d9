"""GitHub as the owner sees it from their own machine: with their own token."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from factory.contracts.errors import UsageProblem

if TYPE_CHECKING:
    from factory.forge.github import GitHub


def hub_of(repo: str, environment: Mapping[str, str], patience: float = 30.0) -> "GitHub":
    """Raises UsageProblem without a token."""
    from factory.app import SystemClock
    from factory.forge.connect import connect

    api = environment.get("GITHUB_API_URL", "https://api.github.com")
    return connect(repo, api, {**environment, "GITHUB_TOKEN": token_of(environment)}, SystemClock(), patience=patience)


def token_of(environment: Mapping[str, str]) -> str:
    token = environment.get("GITHUB_TOKEN", "") or environment.get("GH_TOKEN", "")
    if not token:
        raise UsageProblem("GITHUB_TOKEN is not set: `export GITHUB_TOKEN=$(gh auth token)`, or make one on GitHub.")
    return token


def web_of(environment: Mapping[str, str]) -> str:
    return environment.get("GITHUB_SERVER_URL", "https://github.com").rstrip("/")


def make_labels(repo: str, environment: Mapping[str, str]) -> str:
    """Create or correct every label of the factory's; running it again changes nothing."""
    from factory.forge.labels import LABELS

    hub = hub_of(repo, environment)
    for label in LABELS:
        hub.ensure_label(label.name, label.color, label.description)
    return f"labels in {repo}: {len(LABELS)} there"
