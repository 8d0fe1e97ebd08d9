"""factory doctor"""

from factory.cli.options import Json


def doctor(as_json: Json = False) -> int:
    """Is everything here that the factory needs? Each line says what to do about what is missing."""
    import json
    import shutil
    import sys

    from factory.render.terminal import table
    from factory.sandbox.probe import probe

    found = probe()
    rows = [("sandbox", "ok" if found.works else "missing", found.remedy or f"{found.description} {found.version}")]
    rows += [("sandbox", "weaker", text) for text in found.weaker]
    git = shutil.which("git")
    rows.append(("git", "ok" if git else "missing", git or "install git (apt-get install git)"))
    if as_json:
        print(json.dumps([dict(zip(("part", "state", "detail"), row, strict=True)) for row in rows], indent=2))
    else:
        table(rows, ("part", "state", "detail"), sys.stdout)
    return 1 if any(state == "missing" for _, state, _ in rows) else 0
