"""Pull requests on GitHub, as the line's `deliver` uses them."""

from factory.contracts.hub import PullInfo
from factory.contracts.run import Pull
from factory.forge.effects import Effects


class GitHubPulls:
    """Implements PullForge for one run. The marker that a body brings along is replaced by a sealed one."""

    def __init__(self, effects: Effects) -> None:
        self._effects = effects

    def find(self, marker: str) -> Pull | None:
        """This run's open pull request. Raises ValueError for the marker of another run."""
        if f" run={self._effects.run} kind=pull" not in marker:
            raise ValueError(f"{marker} does not belong to the run {self._effects.run}")
        found = self._effects.find_pull()
        return _pull(found) if found else None

    def open(self, title: str, body: str, branch: str, base: str, draft: bool) -> Pull:
        """The one there is for the branch, or a new one."""
        return _pull(self._effects.pull(title, body, branch, base, draft))

    def update(self, number: int, title: str, body: str, draft: bool) -> Pull:
        return _pull(self._effects.edit_pull(self._effects.hub.pull(number), title, body, draft))


def _pull(found: PullInfo) -> Pull:
    return Pull(
        number=found.number, url=found.url, draft=found.draft, title=found.title, branch=found.head, base=found.base
    )
