"""The one place where it is decided what may leave the machine, on the endpoint that is really asked.

Every request of the line goes through `cleaned` and `leaving` (attempt.py), whatever prompt made it and whatever chain
led there: secrets are taken out, files and their lines that the policy forbids stop it, limits are asked, and what is
about to leave is written down.
"""

from dataclasses import dataclass, replace
from functools import cached_property

from factory.contracts.egress import EgressSettings, together
from factory.contracts.errors import Withheld
from factory.contracts.model import Endpoint, Piece, Request, Tier
from factory.contracts.record import digest
from factory.contracts.seams import TreeReader
from factory.ledger.egress import Egress
from factory.ledger.egress_limits import Caps
from factory.llm import tokens
from factory.llm.pictures import FAR
from factory.llm.policy import Rules, rules_of, sizes_of
from factory.llm.redact import Redaction, texts_of
from factory.llm.traces import Traces

KIB = 1024
SHARES: dict[Tier, float] = {"rented": 0.5, "frontier": 0.25}  # of a run, where nothing is set; a day: twice
SMALL = 64 * KIB  # a share that is not set is no less: small repositories fit into one prompt


@dataclass(frozen=True)
class Repository:
    """What a run works on: rules and shares are measured by `base`; `tree` is what it made of it so far."""

    trees: TreeReader
    base: str
    tree: str = ""


class Guard:
    """For one run, or, without a repository, for requests that hold none. Safe for threads."""

    def __init__(
        self, settings: EgressSettings, egress: Egress, redaction: Redaction, repository: Repository | None = None
    ) -> None:
        """Raises UsageProblem for patterns that are none."""
        self._settings, self._egress, self._repository = settings, egress, repository
        self.redaction = redaction
        self.rules = rules_of(settings, repository.trees, repository.base) if repository else Rules(settings)
        self._traces = Traces(repository.trees, repository.base, self.rules, redaction.text) if repository else None
        self.see(repository.tree if repository else "")

    def allowed(self, path: str, tier: Tier) -> str:
        """'' when a file's content may be sent to endpoints of this tier, else why not, as the end of a sentence."""
        return self.rules.allowed(path, tier)

    def see(self, tree: str) -> None:
        """The run made this tree: what it holds of files that may not leave is looked for as well."""
        if self._traces is not None:
            self._traces.see(tree)

    def cleaned(self, request: Request, endpoint: Endpoint) -> Request:
        """The request as it may be sent: without secrets, but to what is local."""
        return request if endpoint.tier == "local" else self.redaction.request(request)

    def leaving(self, run: str, endpoint: Endpoint, asked: Request, sent: Request) -> tuple[int, ...]:
        """Asked before a byte leaves: the egress ledger's rows, to take back when nothing left. Raises Withheld.

        `asked` is the request before `cleaned`: there a line is still as it is in its file. `sent` is what will leave.
        """
        pieces, tier, pictures = asked.pieces, endpoint.tier, _pictures(sent)
        if tier == "local":
            return self._egress.sending(run, endpoint.name, tier, (*pieces, *pictures), _rest(sent))
        if pictures:
            raise Withheld(f"nothing was sent, because the prompt holds a {pictures[0].path}: {FAR}")
        for piece in pieces:
            reason = self.allowed(piece.path, tier) if piece.path else ""
            if reason:
                raise Withheld(f"nothing was sent, because the prompt holds {piece.path}: {reason}")
        texts = (text for message in asked.messages for text in texts_of(message))
        for text in texts if self._traces is not None else ():
            place = self._traces.found(text, tier) if self._traces is not None else ""
            if place:
                path = place.partition(" of ")[2]
                raise Withheld(f"nothing was sent, because the prompt holds {place}: {self.allowed(path, tier)}")
        return self._egress.sending(run, endpoint.name, tier, pieces, _rest(sent), self._caps[tier])

    def not_sent(self, rows: tuple[int, ...]) -> None:
        self._egress.not_sent(rows)

    @cached_property
    def _caps(self) -> dict[Tier, Caps]:
        sizes = sizes_of(self._repository.trees, self._repository.base) if self._repository else {}
        whole = sum(sizes.values())

        def caps(tier: Tier) -> Caps:
            own = self._settings.of(tier)
            assert own is not None
            run, day = _part(whole, own.run_share), _part(whole, own.day_share)
            run = max(SMALL, int(whole * SHARES[tier])) if run is None else run
            day = max(2 * SMALL, int(whole * 2 * SHARES[tier])) if day is None else day
            return Caps(
                run_bytes=_bytes(own.run_kib), day_bytes=_bytes(own.day_kib), sizes=sizes,
                run_share=run if self._repository else None, day_share=day if self._repository else None,
            )  # fmt: skip

        own, tiers = self._settings, {tier: caps(tier) for tier in SHARES}
        all_ = tuple(tiers.values())
        clouds = Caps(
            run_bytes=together(_bytes(own.run_kib), (each.run_bytes for each in all_)),
            day_bytes=together(_bytes(own.day_kib), (each.day_bytes for each in all_)),
            run_share=together(_part(whole, own.run_share), (each.run_share for each in all_)),
            day_share=together(_part(whole, own.day_share), (each.day_share for each in all_)),
            sizes=sizes,
        )
        return {tier: replace(each, clouds=clouds) for tier, each in tiers.items()}


def _bytes(kib: int | None) -> int | None:
    return None if kib is None else kib * KIB


def _part(whole: int, share: float | None) -> int | None:
    return None if share is None else int(whole * share)


def _pictures(request: Request) -> tuple[Piece, ...]:
    """Each picture as a row of its own."""
    found = (picture for message in request.messages for picture in message.pictures)
    return tuple(
        Piece(path=f"picture of {each.of}", start=0, end=0, bytes=each.bytes, sha256=each.sha256) for each in found
    )


def _rest(request: Request) -> Piece:
    """What is sent besides the repository's pieces, as one row."""
    text = "\n".join(message.text for message in request.messages)
    size = max(0, tokens.size(request) - sum(piece.bytes for piece in request.pieces))
    return Piece(path="", start=0, end=0, bytes=size, sha256=digest(text.encode("utf-8", "surrogatepass")))
