"""Single requests over real HTTP: what is repeated, what is not, what an answer means, and lists that end."""

from typing import Any

import pytest

from factory.contracts.errors import (
    HubForbidden,
    HubMissing,
    HubProblem,
    HubRefused,
    HubUnauthorized,
    HubUnreachable,
    reason_of,
)
from factory.forge.tokens import Kind
from tests.forge.answering import Answer, Asked, TestClock, answering, said


class TwoTokens:
    """A provider that can mint `left` more."""

    kind: Kind = "app"

    def __init__(self, left: int) -> None:
        self.left = left
        self.number = 1

    def token(self) -> str:
        return f"ghs_{self.number}"

    def renew(self) -> bool:
        self.left -= 1
        self.number += 1
        return self.left >= 0

    def login(self) -> str:
        return "factory[bot]"


def test_gha_02_a_post_whose_answer_is_lost_is_not_sent_again() -> None:
    """GHA-02, the caller's half: one request went out, whoever made it must look first."""
    with answering(TestClock(), lambda _: None) as server:
        with pytest.raises(HubUnreachable):
            server.hub().comment(7, "x")
        assert len(server.asked) == 1


def test_what_may_be_repeated_is() -> None:
    answers: list[Answer] = [None, (502, {}, None), (200, {}, said(1, "x"))]
    with answering(TestClock(), lambda _: answers.pop(0)) as server:
        server.hub().edit_comment(1, "x")
        assert [asked.verb for asked in server.asked] == ["PATCH"] * 3


def test_gha_06_a_refused_token_is_minted_once() -> None:
    """GHA-06: 401, a new token, success; also for a POST, since a refused one was not carried out."""

    def reply(asked: Asked) -> Answer:
        return (201, {}, said(1, "x")) if asked.token == "ghs_2" else (401, {}, {"message": "Bad credentials"})

    with answering(TestClock(), reply) as server:
        hub = server.hub(TwoTokens(1))
        hub.comment(7, "x")
        assert [asked.token for asked in server.asked] == ["ghs_1", "ghs_2"]


@pytest.mark.parametrize(("left", "requests"), [(0, 1), (5, 2)])
def test_gha_06_a_token_that_stays_refused_ends_the_run_resumably(left: int, requests: int) -> None:
    with answering(TestClock(), lambda _: (401, {}, {"message": "Bad credentials"})) as server:
        with pytest.raises(HubUnauthorized) as caught:
            server.hub(TwoTokens(left)).issue(7)
        assert len(server.asked) == requests
    assert reason_of(caught.value) == "auth_expired"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (403, HubForbidden),
        (404, HubMissing),
        (410, HubMissing),
        (409, HubRefused),
        (422, HubRefused),
        (500, HubUnreachable),
    ],
)
def test_each_status_has_its_type(status: int, kind: type[HubProblem]) -> None:
    body = {"message": "Validation Failed", "errors": [{"field": "line", "code": "invalid"}, "and more"]}
    with answering(TestClock(), lambda _: (status, {}, body)) as server:
        with pytest.raises(kind, match="Validation Failed; line invalid; and more") as caught:
            server.hub().comment(7, "x")
        assert type(caught.value) is kind
        assert caught.value.status == status
        assert "ghs_" not in str(caught.value)


@pytest.mark.parametrize("body", [b"<html>sign in</html>", b"", b"[1, 2]", b'{"id": 1}', b'{"broken": '])
def test_an_answer_that_is_not_githubs_is_no_success(body: bytes) -> None:
    with answering(TestClock(), lambda _: (200, {}, body)) as server, pytest.raises(HubUnreachable):
        server.hub().issue(7)


def thousand(asked: Asked) -> tuple[int, list[dict[str, Any]]]:
    page = int(asked.query.get("page", "1"))
    rows = [said(number, f"comment {number}") for number in range(1, 1001)]
    return page, rows[(page - 1) * 100 : page * 100]


LINKS = {
    "right": lambda page: f'<http://elsewhere/?page={page + 1}>; rel="next", <http://elsewhere/?page=10>; rel="last"',
    "missing": lambda page: "",
    "garbage": lambda page: "<<;;rel=next,,",
    "nowhere": lambda page: '<nowhere://>; rel="next"',
    "itself": lambda page: f'<http://elsewhere/?page={page}>; rel="next"',
    "first": lambda page: '<http://elsewhere/?page=1>; rel="next"',
}


@pytest.mark.parametrize("kind", LINKS)
def test_gha_12_all_pages_are_read_whatever_the_link_header_says(kind: str) -> None:
    """GHA-12: 1,000 comments, each exactly once, in at most 11 requests; no other host is asked."""

    def reply(asked: Asked) -> Answer:
        page, rows = thousand(asked)
        return 200, {"Link": LINKS[kind](page) if page < 10 else ""}, rows

    with answering(TestClock(), reply) as server:
        numbers = [comment.id for comment in server.hub().comments(7)]
        assert numbers == list(range(1, 1001))
        assert len(server.asked) <= 11


def test_gha_12_a_list_without_an_end_fails_closed() -> None:
    """GHA-12: a server that gives the first page for ever: an error, not "there is none", after few requests."""
    rows = [said(number, "x") for number in range(100)]
    with answering(TestClock(), lambda _: (200, {"Link": '<http://x/?page=2>; rel="next"'}, rows)) as server:
        with pytest.raises(HubUnreachable, match="no end"):
            list(server.hub().comments(7))
        assert len(server.asked) == 2


def test_gha_12_endless_new_entries_are_bounded() -> None:
    def reply(asked: Asked) -> Answer:
        page = int(asked.query.get("page", "1"))
        return 200, {}, [said(page * 1000 + number, "x") for number in range(100)]

    with answering(TestClock(), reply) as server:
        with pytest.raises(HubUnreachable, match="10,000 entries"):
            list(server.hub().comments(7))
        assert len(server.asked) == 100
