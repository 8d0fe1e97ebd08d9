"""What a job without a ticket is given: GitHub, the books, the settings. The watchdog's."""

from dataclasses import dataclass
from pathlib import Path

from factory.contracts.feedback import CheckReader, Conversation
from factory.contracts.seams import Clock
from factory.forge.shared_books import SharedBooks
from factory.jobs.context import JobContext
from factory.settings import Settings


@dataclass(frozen=True)
class Ground:
    context: JobContext
    settings: Settings
    clock: Clock
    hub: Conversation
    reader: CheckReader  # by the job's own token: an App need not be allowed to read statuses
    books: SharedBooks

    @property
    def now(self) -> str:
        """GitHub's clock, as far as it has been heard."""
        return self.hub.server_time() or self.clock.now()


def ground(context: JobContext, config: Path, clock: Clock | None = None) -> Ground:
    """Raises UsageProblem without a token."""
    from factory.app import SystemClock
    from factory.forge.connect import connect, tokens_for
    from factory.forge.origin import api_origin, repository_url
    from factory.forge.tokens import LEAST
    from factory.jobs.wire import settings_of, without_app

    clock = clock or SystemClock()
    hub = connect(context.repo, context.api_url, context.environment, clock, mask=context.mask)
    ledger = without_app(context.environment)
    own = connect(context.repo, context.api_url, ledger, clock) if ledger != context.environment else hub
    token = tokens_for(context.repo, api_origin(context.api_url), ledger, context.mask, LEAST).token()
    url = repository_url(f"{context.server_url}/{context.repo}")
    books = SharedBooks(context.temp / "factory-books.git", f"{url}.git", token, clock)
    return Ground(context=context, settings=settings_of(context, config), clock=clock, hub=hub, reader=own,
                  books=books)  # fmt: skip
