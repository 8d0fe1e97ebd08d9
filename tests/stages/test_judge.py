"""What makes a change security-critical."""

import pytest

from factory.contracts.plan import Criterion, Plan, Unit
from factory.contracts.run import Repo, Run
from factory.contracts.task import Event
from factory.stages.judge import security_critical


def run_of(risk: str) -> Run:
    unit = Unit(id="u", role="backend", title="t", instructions="i", owns=("a.py",))
    plan = Plan.model_validate(
        {"summary": "s", "effort": 2, "risk": risk, "acceptance": [Criterion(id="A1", text="x")], "units": [unit]}
    )
    repo = Repo(path="/r", ref="main", commit="c", tree="t")
    return Run(id="r", created="2026-01-01T00:00:00Z", repo=repo, event=Event(kind="issue", source="s"), plan=plan)


@pytest.mark.parametrize(
    "path",
    ["app/auth.py", "auth/views.py", "src/user_login.ts", "lib/crypto/aes.go", "Passwords.java", "api/oauth2.py",
     "shop/payment.py", "core/session-store.js", "sandbox/launch.py", "app/authentication/token.py"],
)  # fmt: skip
def test_critical_paths(path: str) -> None:
    assert security_critical(run_of("normal"), ("README.md", path))


@pytest.mark.parametrize("path", ["AUTHORS.md", "nlp/tokenizer.py", "docs/author.md", "a/b.py", "cart.py"])
def test_ordinary_paths(path: str) -> None:
    assert not security_critical(run_of("normal"), (path,))
    assert security_critical(run_of("security"), (path,)), "the plan's word is enough"
