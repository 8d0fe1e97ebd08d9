"""Signing tickets (Ed25519): gate jobs hold the seed and sign, everybody else holds the public key and checks."""

import base64
import binascii

from factory.contracts.errors import Refusal, UsageProblem
from factory.contracts.ticket import Ticket

_FOR = b"factory-ticket-v1\n"


def keypair() -> tuple[str, str]:
    """(seed for FACTORY_GATE_KEY, public key for FACTORY_GATE_PUBLIC), both base64."""
    from nacl.signing import SigningKey

    key = SigningKey.generate()
    return base64.b64encode(bytes(key)).decode(), base64.b64encode(bytes(key.verify_key)).decode()


def public_of(key: str) -> str:
    """The public key that belongs to a seed."""
    from nacl.signing import SigningKey

    return base64.b64encode(bytes(SigningKey(_key(key, "FACTORY_GATE_KEY")).verify_key)).decode()


def sign(ticket: Ticket, key: str) -> Ticket:
    """Without a key the ticket stays unsigned: it then counts only within the workflow run that made it."""
    from nacl.signing import SigningKey

    if not key:
        return ticket.but(signature="")
    made = SigningKey(_key(key, "FACTORY_GATE_KEY")).sign(_FOR + ticket.payload).signature
    return ticket.but(signature=base64.b64encode(made).decode())


def verify(ticket: Ticket, public: str, *, repo: str = "", issue: int | None = None, same_run: bool = False) -> None:
    """Raises Refusal('bad_signature') unless the gate signed exactly this ticket, for this repository and issue when
    they are given. `same_run`: the ticket came from this workflow run's own gate job, so without any key configured
    it counts unsigned."""
    if repo and ticket.repo.lower() != repo.lower():
        raise Refusal("bad_signature", f"The ticket is for {ticket.repo}, not for {repo}: it is not acted on.")
    if issue is not None and issue not in (ticket.issue, ticket.pull):
        raise Refusal("bad_signature", f"The ticket is for #{ticket.pull or ticket.issue}, not for #{issue}.")
    if public:
        _check(ticket, public)
    elif not same_run:
        raise Refusal(
            "bad_signature",
            "No FACTORY_GATE_PUBLIC is set, so a ticket from another workflow run cannot be checked: run `factory init "
            "--keys` and set the key pair.",
        )


def _check(ticket: Ticket, public: str) -> None:
    from nacl.exceptions import BadSignatureError
    from nacl.signing import VerifyKey

    key = VerifyKey(_key(public, "FACTORY_GATE_PUBLIC"))
    try:
        signature = base64.b64decode(ticket.signature, validate=True)
        key.verify(_FOR + ticket.payload, signature)
    except (BadSignatureError, binascii.Error, ValueError):
        raise Refusal("bad_signature", "The gate did not sign this ticket as it is now: it is not acted on.") from None


def _key(text: str, name: str) -> bytes:
    try:
        raw = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32:
        raise UsageProblem(f"{name} is not 32 bytes in base64: make a new pair with `factory init --keys`.")
    return raw
