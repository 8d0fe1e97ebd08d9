"""A hostile story: every free text of a rich one is an attack on whoever reads the output."""

from factory.contracts.story import Story
from tests.render.parts import MARKER
from tests.render.stories import accepted

ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=http://evil.example/a.png onerror=alert(2)>",
    "![pixel](https://evil.example/p.png)",
    "[click](javascript:alert(3))",
    "@octocat fixes #1 and closes acme/shop#2, GH-3, https://evil.example/x www.evil.example",
    "</details></pre></table><h1>ACCEPTED</h1>",
    "````\n```\n~~~\n# A heading of mine\n</textarea>",
    f"{MARKER}",
    "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x1b[0m \x9b31m \u202egnp.exe\u2066 \U000e0041",
    '" onmouseover="alert(4)" x="',
    "| a | b |\n| --- | --- |\n- [ ] task\n> [!NOTE]\n> hi",
    "[ref]: http://evil.example/ 'x'\n[^1] footnote $x^2$ `code` <http://evil.example/auto>",
    "{{ 7*7 }} ${HOME} $(id) `id`",
)


def hostile() -> Story:
    """Every free text of a rich story replaced by all attacks at once."""
    return Story.model_validate(_poison(accepted().model_dump()))


_KEPT = {
    "kind",
    "decision",
    "severity",
    "tier",
    "op",
    "mode",
    "status",
    "category",
    "reason",
    "created",
    "stage",
    "number",
    "criterion",
    "tree",
    "base",
    "sha",
    "oid",
    "risk",
}


def _poison(value: object, key: str = "", at: str = "") -> object:
    if isinstance(value, dict):
        return {name: _poison(item, name, f"{at}.{key}") for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_poison(item, key, at) for item in value]
    plan_part = ".plan" in at and key in ("id", "role", "owns", "after", "acceptance", "reads")
    if key == "diff":
        return hostile_diff()
    run_id = key == "id" and at.endswith(".run")  # the record itself takes letters, digits and dashes only
    if not isinstance(value, str) or key in _KEPT or plan_part or run_id:
        return value
    cap = 190 if key == "title" else 20_000
    return (" ".join(ATTACKS) if key in ("path", "branch") else "\n".join((value, *ATTACKS)))[:cap]


def hostile_diff() -> str:
    lines = "".join(f"+{part}\n" for attack in ATTACKS for part in attack.split("\n"))
    name = '"a/x\\"><script>.py"'
    return f"diff --git {name} {name}\n--- {name}\n+++ {name.replace('a/', 'b/')}\n@@ -0,0 +1,20 @@\n{lines}"
