"""Settings that are allowed and weaker than they could be: one row each, with the setting's name and what it opens."""

import os
from collections.abc import Iterator, Mapping

from factory.contracts.egress import TierEgress
from factory.contracts.ticket import ROLES
from factory.install.attack.tried import Attack, Tried
from factory.settings import Settings, is_near

SETTINGS = Attack(id="settings", tried="settings that are weaker than they could be")


def weaknesses(settings: Settings, environment: Mapping[str, str] = os.environ) -> tuple[Tried, ...]:
    """One green row when there is none."""
    found = (*_sandbox(settings), *_github(settings, environment), *_models(settings), *_money(settings),
             *_others(settings))  # fmt: skip
    return found or (SETTINGS.held("none"),)


def _row(name: str) -> Attack:
    return Attack(id=f"setting {name}", tried=f"weaker setting: {name}")


def _sandbox(settings: Settings) -> Iterator[Tried]:
    from factory.sandbox.probe import probe

    if settings.sandbox.kind == "none":
        yield _row("sandbox.kind = none").broke("there is no sandbox", "take it out of the settings; do not type it")
        return
    for sentence in probe().weaker:
        yield _row("the machine").weak(sentence, "`factory doctor` and docs/sandbox.md say how it is made stronger")
    for host in settings.sandbox.hosts:
        if host.startswith("*") or host.count(".") == 0:
            yield _row(f"sandbox.hosts = {host}").weak("installations reach whole parts of the network",
                                                       "name single hosts in sandbox.hosts")  # fmt: skip


def _github(settings: Settings, environment: Mapping[str, str]) -> Iterator[Tried]:
    github = settings.github
    low = {"github.role": github.role, **{f"github.roles.{verb}": role for verb, role in github.roles.items()
                                          if verb not in ("stop", "status", "why")}}  # fmt: skip
    for name, role in low.items():
        if ROLES.index(role) < ROLES.index("write"):
            yield _row(f"{name} = {role}").broke("people who may not write to the repository start work on your box",
                                                 f'set {name} = "write" or higher')  # fmt: skip
    if github.start_ci == "auto":
        yield _row("github.start_ci = auto").weak("your CI runs generated code before a person has read it",
                                                  'set start_ci = "never", or give that CI no secrets')  # fmt: skip
    if github.bots:
        yield _row(f"github.bots = {', '.join(github.bots)}").weak(
            "whoever makes these bots write may start work", "name only bots that repeat nobody's words")  # fmt: skip
    if environment.get("GITHUB_ACTIONS") == "true" and not environment.get("FACTORY_GATE_PUBLIC"):
        yield _row("FACTORY_GATE_PUBLIC").broke("tickets and bundles of other workflow runs are not signed",
                                                "`factory init --keys`, then set the key pair")  # fmt: skip


def _models(settings: Settings) -> Iterator[Tried]:
    line = settings.line
    if "local" not in {line.ceiling} and not _narrowed(settings, line.ceiling):
        yield _row(f"line.ceiling = {line.ceiling}").weak(
            "any file that is not on the built-in list may be sent to the cloud, up to the shares of [egress]",
            f"name what may leave: [egress.{line.ceiling}] allow, deny, or egress.never",
        )
    if any(pattern.startswith("!") for pattern in settings.egress.never):
        yield _row("egress.never").weak("takes files back that would never leave", "take the patterns with `!` out")
    for name, endpoint in settings.endpoints.items():
        if endpoint.tier == "local" and endpoint.url and not is_near(endpoint.url):
            yield _row(f"endpoints.{name}.tier = local").weak(
                "it is not in this network, and is sent everything unredacted",
                'say tier = "frontier" or "rented" unless the machine is yours',
            )
        if endpoint.url.startswith("http://") and not is_near(endpoint.url):
            yield _row(f"endpoints.{name}.url").broke("prompts travel readable over the internet", "use https")


def _narrowed(settings: Settings, tier: str) -> bool:
    found = {"rented": settings.egress.rented, "frontier": settings.egress.frontier}.get(tier, TierEgress())
    return bool(settings.egress.never or found.deny or found.allow != ("*",))


def _money(settings: Settings) -> Iterator[Tried]:
    paid = [one for one in settings.endpoints.values() if one.tier != "local"]
    for name in ("run_usd", "day_usd", "issue_usd"):
        if (paid or settings.rented) and getattr(settings.budget, name) is None:
            yield _row(f"budget.{name}").weak("nothing bounds what a hostile issue may spend", f"set budget.{name}")
    for name in ("run_tokens", "run_minutes", "run_sandbox_minutes"):
        if getattr(settings.budget, name) is None:
            yield _row(f"budget.{name}").weak("a run may go on for ever", f"set budget.{name}")


def _others(settings: Settings) -> Iterator[Tried]:
    serve = settings.serve
    if serve.host not in ("127.0.0.1", "::1", "localhost") and not serve.keys:
        yield _row(f"serve.host = {serve.host}").broke("anybody in the network uses your models",
                                                       "make keys: `factory serve key NAME`")  # fmt: skip
    if serve.log_prompts:
        yield _row("serve.log_prompts").weak("prompts, with what stands in them, lie in the log", "switch it off")
    if settings.memory.shared_approvals:
        yield _row("memory.shared_approvals").weak(
            "an agent's words approved on another machine are shown to models here", "switch it off")  # fmt: skip
