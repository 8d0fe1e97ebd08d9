"""Signed tickets: what the gate signed counts, as it was signed, where it was signed for."""

import pytest

from factory.contracts.errors import Refusal, UsageProblem
from factory.contracts.ticket import Ticket
from factory.forge.tickets import keypair, public_of, sign, verify
from tests.forge.tickets_by_hand import ticket

KEY, PUBLIC = keypair()
SIGNED = sign(ticket(head_sha="b" * 40, text="c" * 64), KEY)


def refused(made: Ticket, public: str = PUBLIC, **where: object) -> None:
    with pytest.raises(Refusal) as caught:
        verify(made, public, **where)  # type: ignore[arg-type]  # keyword arguments by name
    assert caught.value.code == "bad_signature"


def test_what_the_gate_signed_counts_after_json_too() -> None:
    verify(SIGNED, PUBLIC)
    verify(Ticket.from_json(SIGNED.to_json()), PUBLIC, repo="Acme/Shop", issue=7)
    assert public_of(KEY) == PUBLIC


@pytest.mark.parametrize(
    "change",
    [
        {"issue": 8}, {"repo": "acme/other"}, {"base_sha": "d" * 40}, {"head_sha": "d" * 40}, {"purpose": "review"},
        {"actor": "eve"}, {"role": "admin"}, {"text": "e" * 64}, {"max_units": 3}, {"dry_run": True},
        {"event": "another"}, {"signature": ""}, {"signature": "AAAA"}, {"signature": "not base64!"},
    ],
)  # fmt: skip
def test_idm_06_no_field_can_be_changed(change: dict[str, object]) -> None:
    """IDM-06: repository, issue, commits, purpose and all else are under the signature."""
    refused(SIGNED.but(**change))


def test_idm_06_a_ticket_does_not_count_elsewhere() -> None:
    """IDM-06: replayed unchanged for another issue or in another repository."""
    refused(SIGNED, issue=8)
    refused(SIGNED, repo="acme/other")
    refused(SIGNED, keypair()[1])


def test_without_keys_only_the_same_run_counts() -> None:
    unsigned = sign(ticket(), "")
    assert unsigned.signature == ""
    verify(unsigned, "", same_run=True)
    refused(unsigned, "")
    refused(unsigned, "", same_run=True, issue=8)
    refused(unsigned, PUBLIC, same_run=True)  # with a key configured, an unsigned one never counts


@pytest.mark.parametrize("key", ["x", "AAAA", "é", KEY + KEY], ids=["short", "few", "no ASCII", "twice"])
def test_a_key_that_is_none_says_which_and_what_to_do(key: str) -> None:
    with pytest.raises(UsageProblem, match="FACTORY_GATE_KEY"):
        sign(ticket(), key)
    with pytest.raises(UsageProblem, match="FACTORY_GATE_PUBLIC"):
        verify(SIGNED, key)
