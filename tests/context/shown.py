"""A pack's part of a prompt, by the real templates."""

from functools import cache
from pathlib import Path

from jinja2 import FileSystemLoader
from jinja2.sandbox import ImmutableSandboxedEnvironment

from factory.contracts.task import Pack
from factory.prompting import Prompts, fence, line, tame

TEXT = '{% from "_shared/facts.j2" import repository, lessons %}{{ repository(pack) }}{{ lessons(pack.lessons) }}'


@cache
def _environment(root: Path) -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(loader=FileSystemLoader(root), trim_blocks=True, lstrip_blocks=True)
    made.filters.update(fence=fence, line=line, tame=tame)
    return made


def rendered(pack: Pack) -> str:
    return _environment(Prompts().root).from_string(TEXT).render(pack=pack)
