"""From a job's environment to a GitHub: an App's token when one is configured, else the job's own."""

from collections.abc import Callable, Mapping

from factory.contracts.errors import UsageProblem
from factory.contracts.seams import Clock
from factory.forge.caller import Caller
from factory.forge.github import GitHub, PyGithubApp, PyGithubWire
from factory.forge.limits import Limits
from factory.forge.origin import api_origin
from factory.forge.tokens import LEAST, AppTokens, FixedToken, Tokens

_PERSONS = ("ghp_", "github_pat_", "gho_", "ghu_")


def connect(repo: str, api_url: str, environment: Mapping[str, str], clock: Clock,
            note: Callable[[str], None] = lambda _: None, *, mask: Callable[[str], None] = lambda _: None,
            permissions: Mapping[str, str] = LEAST, patience: float = 300.0) -> GitHub:  # fmt: skip
    """`note` is told in one sentence which kind of token is used; `mask` gets a minted token before its first use."""
    origin = api_origin(api_url)
    tokens = tokens_for(repo, origin, environment, mask, permissions)
    note(_SAID[tokens.kind])
    return GitHub(Caller(repo, PyGithubWire(origin), tokens, Limits(clock, patience), origin))


def tokens_for(repo: str, api_url: str, environment: Mapping[str, str], mask: Callable[[str], None] = lambda _: None,
               permissions: Mapping[str, str] = LEAST) -> Tokens:  # fmt: skip
    """Raises UsageProblem when there is none, or half an App."""
    app, key = environment.get("FACTORY_APP_ID", "").strip(), environment.get("FACTORY_APP_KEY", "").strip()
    if bool(app) != bool(key):
        missing = "FACTORY_APP_KEY" if app else "FACTORY_APP_ID"
        raise UsageProblem(f"{missing} is not set: an App needs both its id and its key, or set neither.")
    if app:
        return AppTokens(repo, PyGithubApp(api_url, app, key.replace("\\n", "\n")), permissions, mask)
    token = environment.get("GITHUB_TOKEN", "").strip()
    if not token:
        raise UsageProblem("GITHUB_TOKEN is not set: give the step `GITHUB_TOKEN: ${{ github.token }}`.")
    persons = token.startswith(_PERSONS) or (
        environment.get("GITHUB_ACTIONS") != "true" and not token.startswith("ghs_")
    )
    return FixedToken(token, "pat" if persons else "actions")


_SAID = {
    "app": "Writing as the App.",
    "actions": "Writing with GITHUB_TOKEN: checks on what it pushes or opens start only when a person clicks.",
    "pat": "Writing with a person's token.",
}
