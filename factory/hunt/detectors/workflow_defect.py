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
    " insecure-url-scheme misfeature obfuscation overprovisioned-secrets secrets-inherit secrets-outside-env"
    " self-hosted-runner template-injection typosquat-uses unpinned-images unpinned-uses unredacted-secrets"
    " unsound-condition unsound-contains unsound-ternary use-trusted-publishing".split()
)
_FIRST_PARTY = re.compile(r"uses:\s*['\"]?(actions|github)/")


def _sift(ground: Ground, hits: Sequence[Hit]) -> Iterator[Hit]:
    """Permissions that are not set are one defect of a file, not one of each job."""
    told = set()
    for hit in sorted(hits, key=lambda hit: (hit.path, hit.start)):
        unset = hit.code == "excessive-permissions" and "default permissions" in hit.message
        if not unset or hit.path not in told:
            yield hit
        told |= {hit.path} if unset else set()


def _keep(source: Source, hit: Hit) -> Hit | None:
    """GitHub's own actions by tag are taken for pinned: who controls those controls the runner anyway."""
    quoted = hit.quoted or source.line(hit.start)
    if hit.code == "unpinned-uses" and (_FIRST_PARTY.search(quoted) or _FIRST_PARTY.search(source.line(hit.start))):
        return None
    if hit.code == "unpinned-uses":
        return replace(hit, severity="medium", confidence=0.75, fix="Pin it to a commit, with the tag in a comment.")
    if hit.code == "artipacked":  # a risk only where later steps upload the folder: seldom, and easily mended
        uploads = re.search(r"upload-artifact|upload-pages", source.text)
        return replace(hit, confidence=0.7 if uploads else 0.4, severity="low")
    return replace(hit, fix=f"See zizmor's documentation of `{hit.code}`.")


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
