"""What zizmor finds in GitHub workflows, actions and Dependabot's settings."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from factory.hunt.detector import Detector, Hit
from factory.hunt.ground import Ground
from factory.hunt.source import Source

_CODES = tuple(
    "archived-uses artipacked bot-conditions cache-poisoning dangerous-triggers dependabot-execution"
    " excessive-permissions forbidden-uses github-app github-env hardcoded-container-credentials insecure-commands"
    " insecure-url-scheme obfuscation overprovisioned-secrets secrets-inherit secrets-outside-env"
    " self-hosted-runner template-injection typosquat-uses unpinned-images unpinned-uses unredacted-secrets"
    " unsound-condition unsound-contains unsound-ternary use-trusted-publishing".split()
)
_TRUSTED = re.compile(r"(github\.event\.)?inputs\.[\w-]+|github\.(base_ref|event_name|ref_name|ref_type|sha|run_id)")
_UPLOADS = re.compile(
    r"(?:upload-artifact|upload-pages)[\s\S]{0,400}?\bpath:\s*['\"]?(?:\./?|\*+|\$\{\{\s*github\.workspace\s*\}\})['\"]?\s*$",
    re.M,
)
_JOBS = re.compile(r"^jobs:", re.M)
FEW = 2  # jobs
_STRANGE = re.compile(r"pull_request\.head|head_ref|head_sha|refs/pull/|download-artifact|gh pr checkout")
_FIRST_PARTY = re.compile(r"uses:\s*['\"]?(actions|github)/")


def _sift(ground: Ground, hits: Sequence[Hit]) -> Iterator[Hit]:
    """What is mended by one decision is one finding of a file: permissions that are not set, one action by its tag."""
    told = set()
    for hit in sorted(hits, key=lambda hit: (hit.path, hit.start)):
        unset = hit.code == "excessive-permissions" and "default permissions" in hit.message
        if unset or hit.code in ("unpinned-uses", "artipacked"):
            key = (hit.path, hit.code, hit.quoted if hit.code == "unpinned-uses" else "")
            if key in told:
                continue
            told.add(key)
        yield hit


def _keep(source: Source, hit: Hit) -> Hit | None:
    judge = _JUDGES.get(hit.code)
    return judge(source, hit) if judge else replace(hit, fix=f"See zizmor's documentation of `{hit.code}`.")


def _unpinned(source: Source, hit: Hit) -> Hit | None:
    """GitHub's own actions by tag are taken for pinned: who controls those controls the runner anyway."""
    if _FIRST_PARTY.search(hit.quoted) or _FIRST_PARTY.search(source.line(hit.start)):
        return None
    own = "/.github/workflows/" in hit.quoted  # a workflow that is called is mostly the organisation's own
    return replace(
        hit, severity="medium", confidence=0.5 if own else 0.75, fix="Pin it to a commit, with the tag in a comment."
    )


def _image(source: Source, hit: Hit) -> Hit:
    return replace(hit, severity="medium", confidence=0.7, fix="Pin it to a digest.")


def _kept_token(source: Source, hit: Hit) -> Hit:
    """A risk only where later steps upload the folder."""
    uploads = source.has(_UPLOADS)
    return replace(hit, confidence=0.7 if uploads else 0.4, severity="low", fix="Set `persist-credentials: false`.")


def _trigger(source: Source, hit: Hit) -> Hit:
    """Bad where code or files of strangers come in; labelling and answering are what these triggers are for."""
    strange = source.has(_STRANGE)
    return replace(
        hit, confidence=0.75 if strange else 0.4, fix="Run code of strangers on pull_request, without secrets."
    )


def _injection(source: Source, hit: Hit) -> Hit:
    """Inputs of a dispatch come from people who may write anyway."""
    values = re.findall(r"\$\{\{(.*?)\}\}", hit.quoted, re.DOTALL)
    trusted = all(_TRUSTED.fullmatch(one.strip()) or _is_own(source, one.strip()) for one in values)
    how = "Pass it through `env:` and use the variable, quoted."
    return replace(hit, severity="low", confidence=0.5, fix=how) if values and trusted else replace(hit, fix=how)


def _is_own(source: Source, value: str) -> bool:
    """What an earlier step or the workflow itself set, unless that is what a stranger wrote."""
    name = re.fullmatch(r"env\.(\w+)", value)
    given = name and re.search(rf"^\s*{name[1]}:\s*\$\{{\{{\s*github\.(?:event\.\w+\.\w|head_ref)", source.text, re.M)
    return bool(re.match(r"steps\.[\w-]+\.outputs\.", value) or (name and not given))


def _permissions(source: Source, hit: Hit) -> Hit:
    """For a workflow of one or two jobs its permissions are theirs."""
    few = source.has(_JOBS) and len(re.findall(r"^\s+runs-on:", source.text, re.M)) <= FEW
    whole = "at the workflow level" in hit.message
    return replace(hit, confidence=0.5 if whole and few else hit.confidence, fix="Give each job what it needs.")


_JUDGES = {
    "unpinned-uses": _unpinned, "artipacked": _kept_token, "dangerous-triggers": _trigger, "unpinned-images": _image,
    "template-injection": _injection, "excessive-permissions": _permissions,
}  # fmt: skip

DETECTOR = Detector(
    id="workflow-defect",
    title="A dangerous workflow",
    why="Workflows run with the repository's rights and secrets, often on input of strangers.",
    severity="medium",
    confidence=0.75,
    category="CWE-829",
    languages=(),
    codes={"zizmor": _CODES},
    sift=_sift,
    keep=_keep,
    in_tests=True,
)
