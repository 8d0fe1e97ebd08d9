"""actions/upload-artifact and download-artifact by GitHub's rules: zips, immutable, once a name, no hidden files."""

import fnmatch
import io
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

from factory.simulator.hub.routes import Refused
from factory.simulator.hub.runs import Artifact, add_artifact
from factory.simulator.runner.globs import matches
from factory.simulator.runner.scope import ActionProblem
from factory.simulator.runner.standins.call import Call

BAD = '":<>|*?\r\n\\/'
WHEN = (1980, 1, 1, 0, 0, 0)


def upload(call: Call) -> str:
    """Outputs artifact-id, artifact-digest and artifact-url."""
    call.allow(name="", path="", if_no_files_found="", retention_days="", compression_level="", overwrite="",
               include_hidden_files="", archive="")  # fmt: skip
    name = call.input("name", "artifact")
    if any(letter in BAD for letter in name):
        raise ActionProblem(
            f'The artifact name is not valid: {name}. It contains one of " : < > | * ? \\ / or a line end.'
        )
    files = _chosen(call, call.input("path"), call.flag("include-hidden-files"))
    if not files.files:
        return _nothing(call)
    data = _zipped(files)
    hub, run = call.job.bench.hub, call.job.leg.node.frame.run.shown
    with hub.lock:
        if call.flag("overwrite"):
            for old in [one for one in hub.artifacts.values() if (one.run, one.name) == (run.id, name)]:
                del hub.artifacts[old.id]
        try:
            made = add_artifact(hub, run, name, data)
        except Refused as refused:
            raise ActionProblem(f"Failed to CreateArtifact: Received non-retryable error: (409) {refused}") from None
    call.job.log.write(f"Artifact {name} with {len(files.files)} files, {len(data)} bytes: ID {made.id}, {made.digest}")
    page = f"{hub.server_url}/{run.repo}/actions/runs/{run.id}/artifacts/{made.id}"
    digest = made.digest.removeprefix("sha256:")
    call.outputs.update({"artifact-id": str(made.id), "artifact-digest": digest, "artifact-url": page})
    return ""


def _nothing(call: Call) -> str:
    text = f"No files were found with the provided path: {call.input('path')}. No artifacts will be uploaded."
    how = call.input("if-no-files-found", "warn")
    if how == "error":
        raise ActionProblem(text)
    if how == "warn":
        call.job.log.note("warning", text)
    return ""


@dataclass(frozen=True)
class Chosen:
    files: list[Path]
    root: Path  # paths in the zip are relative to it


def _chosen(call: Call, patterns: str, hidden: bool) -> Chosen:
    """Files of the paths and globs; `!` takes away. Hidden: a name below the searched path that begins with a dot."""
    if not patterns:
        raise ActionProblem("Input required and not supplied: path")
    found: dict[Path, None] = {}
    searched: list[Path] = []
    for line in filter(None, (each.strip() for each in patterns.splitlines())):
        path = Path(os.path.normpath(call.workspace / line.removeprefix("!")))
        start = _fixed(path)
        files = [each for each in _matching(path, start) if hidden or not _hidden(each, start)]
        if line.startswith("!"):
            found = {each: None for each in found if each not in files}
        else:
            searched.append(start)
            found |= dict.fromkeys(files)
    return Chosen(sorted(found), _root(searched))


def _fixed(path: Path) -> Path:
    """The part of a path before its first wildcard."""
    plain = next((at for at, part in enumerate(path.parts) if set(part) & set("*?[")), len(path.parts))
    return Path(*path.parts[:plain])


def _matching(path: Path, start: Path) -> list[Path]:
    if path == start:
        return [path] if path.is_file() else _files(path)
    every = sorted(start.rglob("*")) if start.is_dir() else []
    folders = [each for each in every if each.is_dir() and matches(str(path), str(each))]
    under = {each for folder in folders for each in _files(folder)}
    return [each for each in _files(start) if each in under or matches(str(path), str(each))]


def _files(folder: Path) -> list[Path]:
    """Regular files; a link is followed, as the action does."""
    return [Path(root) / name for root, _, names in os.walk(folder, followlinks=True) for name in names
            if (Path(root) / name).is_file()]  # fmt: skip


def _hidden(path: Path, start: Path) -> bool:
    return any(part.startswith(".") for part in (start.name, *path.relative_to(start).parts))


def _root(searched: list[Path]) -> Path:
    """One path: its folder; several: what they have in common."""
    if len(searched) == 1:
        return searched[0] if searched[0].is_dir() else searched[0].parent
    return Path(os.path.commonpath(searched)) if searched else Path("/")


def _zipped(files: Chosen) -> bytes:
    """Modes and times are lost."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files.files:
            info = zipfile.ZipInfo(str(path.relative_to(files.root)), WHEN)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, path.read_bytes())
    return out.getvalue()


def download(call: Call) -> str:
    """By name, ids or pattern; of this run, or with github-token and run-id of another one."""
    call.allow(name="", artifact_ids="", path="", pattern="", merge_multiple="", github_token="", repository="",
               run_id="", digest_mismatch="", skip_decompress="")  # fmt: skip
    found = _wanted(call, _visible(call))
    target = call.workspace / call.input("path", ".")
    ids = call.input("artifact-ids")
    single = bool(call.input("name")) or (len([each for each in ids.split(",") if each.strip()]) == 1)
    for one in found:
        folder = target if single or call.flag("merge-multiple") else target / one.name
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(io.BytesIO(one.data)) as archive:
            archive.extractall(folder)
        call.job.log.write(f"Downloaded artifact {one.name} (ID {one.id}, {one.digest}) to {folder}")
    call.outputs["download-path"] = str(target)
    return ""


def _visible(call: Call) -> list[Artifact]:
    """The artifacts of the run that is meant, newest first."""
    hub, own = call.job.bench.hub, call.job.leg.node.frame.run.shown
    number, repo_name = own.id, own.repo
    if given := call.input("github-token"):
        repo_name = call.input("repository", own.repo)
        number = int(call.input("run-id", str(own.id)))
        repo = hub.repo(repo_name)
        if not hub.may(call.token(given), repo, "actions", "read"):
            raise ActionProblem("Resource not accessible by integration: the token needs `actions: read`.")
    elif call.input("run-id", str(own.id)) != str(own.id):
        raise ActionProblem("Another run's artifacts need github-token with `actions: read` beside run-id.")
    with hub.lock:
        here = [one for one in hub.artifacts.values() if one.run == number and one.repo.lower() == repo_name.lower()]
    return sorted((one for one in here if not one.expired), key=lambda one: -one.id)


def _wanted(call: Call, artifacts: list[Artifact]) -> list[Artifact]:
    """Of several with one name (attempts) the newest."""
    name, ids, pattern = call.input("name"), call.input("artifact-ids"), call.input("pattern")
    if name and ids:
        raise ActionProblem("Inputs 'name' and 'artifact-ids' cannot be used together. Please specify only one.")
    latest: dict[str, Artifact] = {}
    for one in artifacts:
        latest.setdefault(one.name, one)
    if name:
        if name not in latest:
            raise ActionProblem(f"Unable to download artifact(s): Artifact not found for name: {name}")
        return [latest[name]]
    if ids:
        wanted = [int(each) for each in ids.split(",") if each.strip()]
        found = [one for one in artifacts if one.id in wanted]
        if len(found) < len(wanted):
            raise ActionProblem(
                f"None of the provided artifact IDs were found: {ids}" if not found else f"Missing: {ids}"
            )
        return found
    rows = sorted(latest.values(), key=lambda one: one.id)
    return [one for one in rows if fnmatch.fnmatchcase(one.name, pattern)] if pattern else rows
