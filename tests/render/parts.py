"""Pieces of a run for `stories`: repository, plan, changes, evidence, diff."""

from factory.contracts.change import Change, FileChange
from factory.contracts.evidence import Counts, Evidence, Outcome, Reproduction, SuiteResult
from factory.contracts.finding import Finding
from factory.contracts.plan import Criterion, Plan, Unit
from factory.contracts.run import Repo

BASE, CANDIDATE, FIXED = "a" * 40, "b" * 40, "c" * 40
REPO = Repo(path="/home/ada/shop", ref="main", commit="4f2c9d1e" + "0" * 32, tree=BASE)
MARKER = "<!-- factory:v1 run=20261120-shop -->"
DIFF = """\
diff --git a/shop/cart.py b/shop/cart.py
index 1111111..2222222 100644
--- a/shop/cart.py
+++ b/shop/cart.py
@@ -10,7 +10,9 @@ class Cart:
     def total(self) -> Decimal:
         total = Decimal(0)
         for line in self.lines:
-            total += line.price
+            if line.quantity < 1:
+                raise ValueError("a line needs a quantity of one or more")
+            total += line.price * line.quantity
         return total
 
     def clear(self) -> None:
diff --git a/tests/test_cart.py b/tests/test_cart.py
index 3333333..4444444 100644
--- a/tests/test_cart.py
+++ b/tests/test_cart.py
@@ -20,3 +20,9 @@ def test_empty():
 
 def test_one():
     assert cart(one=1).total() == 5
+
+
+def test_total_counts_quantity():
+    assert cart(one=3).total() == 15
+
+
diff --git "a/web/caf\\303\\251 menu.html" "b/web/caf\\303\\251 menu.html"
new file mode 100644
index 0000000..5555555
--- /dev/null
+++ "b/web/caf\\303\\251 menu.html"
@@ -0,0 +1,2 @@
+<p class="total">Total: {{ total }}</p>
+<p>3 × 5</p>
"""


def outcome(passed: int, failed: int = 0, **more: object) -> Outcome:
    counts = Counts(collected=passed + failed + 2, passed=passed, failed=failed, skipped=2)
    status = "failed" if failed else "passed"
    return Outcome.model_validate(
        {"status": status, "exit_code": int(bool(failed)), "counts": counts, "counted": True, **more}
    )


def evidence(tree: str, green: bool, findings: tuple[Finding, ...] = ()) -> Evidence:
    new = "tests/test_cart.py::test_total_counts_quantity"
    suite = SuiteResult(
        name="pytest",
        command="python -m pytest -q",
        base=outcome(41, 1, log="1" * 64),
        candidate=outcome(43, 1, log="2" * 64, cases="3" * 64) if green else outcome(41, 2),
        broken=() if green else ("tests/test_cart.py::test_one",),
        added=(new,),
        flaky=("tests/test_clock.py::test_midnight",),
        preexisting=("tests/test_tax.py::test_rounding",),
    )
    other = SuiteResult(name="npm test", command="npm test", base=outcome(12), candidate=outcome(12))
    shown = Reproduction(
        unit="api",
        command="python -m shop total 3",
        base_exit=0,
        candidate_exit=0,
        base_output="Total: 5.00\n",
        candidate_output="Total: 15.00\n",
    )
    return Evidence(
        tree=tree,
        base=BASE,
        suites=(suite, other),
        findings=findings,
        reproductions=(shown,),
        bug_shown=green,
        bug_tests=(new,) if green else (),
        tests_found=True,
        sandbox="bubblewrap (user)",
        notes=("test_midnight failed once on the base and once on the candidate when run again",),
    )


def unit(name: str, role: str, title: str, acceptance: tuple[str, ...], after: tuple[str, ...] = ()) -> Unit:
    return Unit.model_validate(
        {
            "id": name,
            "role": role,
            "title": title,
            "instructions": "Do it.",
            "owns": (f"{name}/**",),
            "acceptance": acceptance,
            "after": after,
        }
    )


PLAN = Plan(
    summary="Multiply by the quantity, show it on the page, prove it by a test.",
    effort=5,
    acceptance=(
        Criterion(id="A1", text="The total of a cart counts each line's quantity."),
        Criterion(id="A2", text="A quantity below one is refused with a clear error."),
        Criterion(id="A3", text="The page shows quantity and total."),
        Criterion(id="A4", text="The README says how totals are computed."),
    ),
    units=(
        unit("api", "backend", "Count the quantity in the total", ("A1", "A2")),
        unit("page", "frontend", "Show the quantity on the page", ("A3",)),
        unit("proof", "unit", "A test that fails today", ("A1",)),
        unit("words", "scribe", "Say how totals are computed", ("A4",), ("api",)),
    ),
)


def change(name: str, role: str, title: str, path: str, **more: object) -> Change:
    files = (FileChange(path=path, op="write", oid="d" * 40, size=900),)
    start = {"unit": name, "role": role, "title": title, "base": BASE, "files": files, "models": ("qwen3-27b",)}
    return Change.model_validate({**start, "summary": "AUTHORS-OWN-PROSE: I fixed everything perfectly.", **more})
