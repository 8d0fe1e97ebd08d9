"""Paths of somebody's own machine in the code."""

import re
from collections.abc import Iterator
from dataclasses import replace

from factory.hunt.detector import Detector, Hit
from factory.hunt.places import is_apart, texts_of
from factory.hunt.source import SCRIPT, Source

_HOME = re.compile(
    r"^(?:file://)?(?P<whole>/home/(?P<linux>[a-z][\w.\-]*)/[\w.\-]+|/Users/(?P<mac>[A-Za-z][\w.\-]*)/[\w.\-]+"
    r"|[A-Za-z]:[\\/]+Users[\\/]+(?P<windows>[A-Za-z][\w.\- ]*)[\\/]+[\w.\-]+)"
)
# Users that images, runners and documentation have everywhere.
_NOBODY = frozenset(
    "user users username you yourname your-name me someone somebody name foo bar alice bob john jane jdoe johndoe joe"
    " test testuser example runner node app www ubuntu ec2-user vagrant vscode codespace coder jovyan airflow circleci"
    " jenkins gitlab-runner git docker pi oracle hadoop spark sandbox appuser nonroot dev developer admin guest public"
    " shared default sagemaker-user linuxbrew default-user container site data deploy".split()
)


def _look(source: Source) -> Iterator[Hit]:
    if is_apart(source.path):
        return
    for node, text in texts_of(source):
        if hit := _hit(source, node.lineno, text):
            yield hit


def _keep(source: Source, hit: Hit) -> Hit | None:
    found = None if is_apart(source.path) else _hit(source, hit.start, hit.quoted[1:-1])
    return replace(found, code=hit.code) if found else None


def _hit(source: Source, line: int, text: str) -> Hit | None:
    match = _HOME.match(text)
    if not match:
        return None
    user = match["linux"] or match["mac"] or match["windows"]
    if user.lower() in _NOBODY or re.search(r"[$%<{]", text):
        return None
    return Hit(source.path, line, f"A path of the user {user}'s own machine", quoted=text[:200],
               fix="Take it from settings or the environment, or build it from the home folder.")  # fmt: skip


DETECTOR = Detector(
    id="hardcoded-path",
    title="A path that only one machine has",
    why="It works where it was written, and fails everywhere else.",
    severity="medium",
    confidence=0.85,
    category="CWE-1051",
    languages=("python", *SCRIPT),
    codes={"ast-grep": ("js-text",)},
    keep=_keep,
    look=_look,
)
