"""Runs in the sandbox: what is installed of a package, by its metadata and source; nothing of it is imported."""

import ast
import json
import sys
from importlib import metadata
from pathlib import Path

NAMES, POINTS, MOST = 80, 20, 400
LOCKS = ("uv.lock", "poetry.lock", "Pipfile.lock", "requirements.txt", "package-lock.json", "pnpm-lock.yaml",
         "yarn.lock", "Cargo.lock", "go.sum")  # fmt: skip


def exported(init: Path) -> list[str]:
    """`__all__` where it is a plain list, else the public names of the module's top level."""
    found: list[str] = []
    for node in ast.parse(init.read_text(encoding="utf-8", errors="replace")[:500_000]).body:
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "__all__" for target in node.targets):
            try:
                return [str(name) for name in ast.literal_eval(node.value)]
            except ValueError:
                continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.append(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found += [alias.asname or alias.name for alias in node.names]
    return [name for name in found if not name.startswith("_")]


def python(name: str) -> list[str]:
    try:
        found = metadata.distribution(name)
    except (metadata.PackageNotFoundError, ValueError):
        return []
    about = found.metadata
    said = [f"{about['Name']} {found.version} (installed): {str(about['Summary'] or '')[:MOST]}"]
    said += [f"requires: {text[:100]}" for text in (found.requires or [])[:POINTS] if "extra ==" not in text]
    said += [f"entry point ({each.group}): {each.name} = {each.value}"[:200] for each in found.entry_points][:POINTS]
    inits = [file for file in found.files or [] if file.name == "__init__.py" and len(file.parts) == 2]
    inits += [file for file in found.files or [] if file.suffix == ".py" and len(file.parts) == 1]
    for init in inits[:3]:
        try:
            names = exported(Path(str(init.locate())))
        except (OSError, SyntaxError, ValueError):
            continue
        module = init.parts[0].removesuffix(".py")
        said.append(f"{module} exports: {', '.join(names[:NAMES])}{' …' if len(names) > NAMES else ''}")
    return said


def node(name: str) -> list[str]:
    for root in (Path("/work"), Path("/deps/node")):
        try:
            about = json.loads((root / "node_modules" / name / "package.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        shown = {key: about.get(key) for key in ("main", "module", "types", "bin", "exports") if about.get(key)}
        first = f"{name} {about.get('version')} (installed): {str(about.get('description') or '')[:MOST]}"
        return [first, json.dumps(shown)[:2000]]
    return []


def locked(name: str) -> list[str]:
    """Lines of lock files that name it."""
    said = []
    for lock in LOCKS:
        path = Path("/work") / lock
        if path.is_file() and not path.is_symlink():
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            at = next((n for n, text in enumerate(lines) if name.lower() in text.lower()), None)
            if at is not None:
                said.append(f"{lock}: {' '.join(' '.join(lines[at : at + 2]).split())[:200]}")
    return said


wanted = sys.argv[1]
found = [*python(wanted), *node(wanted)] or [f"{wanted} is not installed."]
sys.stdout.write("\n".join([*found, *locked(wanted)]) + "\n")
