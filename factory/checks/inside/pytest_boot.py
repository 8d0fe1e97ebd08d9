"""Inside the sandbox: pytest, imported before the tree's folder is on the path, then told to report to /out.

`python -P -c SOURCE JSON` with names (the project's packages) and args.
"""

import json
import os
import sys

import pytest

plan = json.loads(sys.argv[1])
sys.argv = ["pytest", *plan["args"]]
sys.path.insert(0, os.getcwd())  # as `python -m pytest` does; not earlier, or a file pytest.py in the tree would be it
code = int(pytest.main(plan["args"]))
where = {}
for name in plan["names"]:
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    if file:
        where[name] = os.path.realpath(file)
with open("/out/factory-imports.json", "w") as out:
    json.dump(where, out)
sys.stdout.flush()
sys.exit(code)
