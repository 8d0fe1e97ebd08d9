"""actions/cache: a tar by key and paths, for one repository; saved at the end when the key is new."""

import io
import shutil
import tarfile
import tempfile
from pathlib import Path

from factory.simulator.runner.scope import ActionProblem
from factory.simulator.runner.standins.call import Call


def cache(call: Call) -> str:
    restore(call)
    if call.outputs["cache-hit"] != "true":
        call.job.posts.append(("cache", lambda: _save_if_well(call)))
    return ""


def restore(call: Call) -> str:
    """Outputs cache-hit, cache-primary-key and cache-matched-key."""
    call.allow(path="", key="", restore_keys="", enableCrossOsArchive="", fail_on_cache_miss="", lookup_only="")
    key = call.input("key")
    found = _match(call, key, [each.strip() for each in call.inputs.get("restore-keys", "").splitlines()])
    call.outputs.update({"cache-primary-key": key, "cache-matched-key": found, "cache-hit": str(found == key).lower()})
    if found:
        data = call.job.bench.caches[(_version(call), found)]
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for number, path in enumerate(_paths(call)):
                _unpack(archive, f"{number}", path)
        call.job.log.write(f"Cache restored from key: {found}")
    elif call.flag("fail-on-cache-miss"):
        raise ActionProblem(f"Failed to restore cache entry. Exiting as fail-on-cache-miss is set. Input key: {key}")
    return ""


def _unpack(archive: tarfile.TarFile, name: str, path: Path) -> None:
    """One of the cached paths to where this job has it: another job's folders have other names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        members = [each for each in archive.getmembers() if each.name == name or each.name.startswith(f"{name}/")]
        archive.extractall(folder, members, filter="fully_trusted")  # noqa: S202  packed by ourselves, links and all
        if (made := Path(folder) / name).is_dir():
            shutil.copytree(made, path, symlinks=True, dirs_exist_ok=True)
        elif made.exists():
            shutil.copy2(made, path)


def save(call: Call) -> str:
    call.allow(path="", key="", enableCrossOsArchive="")
    place = (_version(call), call.input("key"))
    if place in call.job.bench.caches:
        call.job.log.note("warning", f"Cache already exists under the key {place[1]}.")
        return ""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for number, path in enumerate(_paths(call)):
            if path.exists():
                archive.add(path, arcname=str(number))
    call.job.bench.caches[place] = out.getvalue()
    call.job.log.write(f"Cache saved with key: {place[1]}")
    return ""


def _save_if_well(call: Call) -> None:
    if call.job.status == "success":
        call.inputs = {name: value for name, value in call.inputs.items() if name in ("path", "key")}
        save(call)


def _match(call: Call, key: str, prefixes: list[str]) -> str:
    keys = [name for version, name in call.job.bench.caches if version == _version(call)]
    for wanted in [key, *prefixes]:
        hits = [name for name in keys if name == wanted or (wanted and name.startswith(wanted))]
        if hits:
            return wanted if wanted in hits else hits[-1]
    return ""


def _paths(call: Call) -> list[Path]:
    home = str(call.job.place.home)
    lines = [each.strip() for each in call.input("path").splitlines() if each.strip()]
    return [call.workspace / (home + line[1:] if line.startswith("~") else line) for line in lines]


def _version(call: Call) -> str:
    """A cache is found by the same repository with the same list of paths only."""
    return f"{call.repo.full_name}\n{call.input('path')}"
