"""Secrets by their value: in every form, all at once, in time that grows with the text alone."""

import base64
import re
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.forge.secret_values import BY, Redaction

VALUE = "s3cret/värde+9"
PIECES = st.sampled_from(["s3cret", VALUE, "token-one-two", "two-three", " ", "\n", '"', "x", "=", BY])


def nothing(text: str, values: tuple[str, ...]) -> tuple[str, ...]:
    return ()


def given_away(*secrets: str) -> Redaction:
    """One that finds these, whatever it reads."""
    return Redaction((), lambda text, values: tuple(each for each in secrets if each in text))


@pytest.mark.parametrize(
    "form",
    [VALUE, VALUE[::-1], VALUE.encode().hex(), VALUE.encode().hex().upper(), "s3cret%2Fv%C3%A4rde%2B9",
     "s3cret/v\\u00e4rde+9", base64.b64encode(VALUE.encode()).decode(),
     base64.b64encode(b"ab" + VALUE.encode()).decode()],
)  # fmt: skip
def test_each_form_is_taken_out(form: str) -> None:
    made = Redaction((VALUE,), nothing)(f"before {form} after")
    assert form.strip("=") not in made
    assert re.fullmatch(rf"before .{{0,4}}{re.escape(BY)}.{{0,4}} after", made), made


def test_where_two_overlap_all_of_both_goes() -> None:
    assert given_away("token-one-two", "two-three")("a token-one-two-three b") == f"a {BY} b"
    assert Redaction(("token-one-two", "two-three"), nothing)("a token-one-two-three b") == f"a {BY} b"


@given(st.lists(PIECES, max_size=12).map("".join))
def test_nothing_of_a_secret_is_left_and_nothing_else_is_taken(text: str) -> None:
    """Also of a text that was cleaned before."""
    secrets = ("token-one-two", "two-three", VALUE)
    made = given_away(*secrets)(text)
    assert not any(each in made for each in secrets)
    assert given_away(*secrets)(made) == made
    if not any(each in text for each in secrets):
        assert made == text


def seconds(count: int) -> float:
    """Of the processor, the best of three: a text of so many secrets, each of them on a line of its own."""
    secrets = [f"key-{n:08}-{'abc' * 10}" for n in range(count)]
    text = "\n".join(f"{each} = {n}" for n, each in enumerate(secrets))

    def found(_: str, __: tuple[str, ...]) -> Sequence[str]:
        return secrets

    took = []
    for _ in range(3):
        started = time.process_time()
        made = Redaction((), found)(text)  # type: ignore[arg-type]  # a list will do
        took.append(time.process_time() - started)
        assert made.count(BY) == count
    return min(took)


def test_four_times_the_text_with_its_secrets_takes_about_four_times_as_long() -> None:
    """One after the other it took nineteen times as long: seven seconds for 20,000 secrets."""
    assert seconds(20_000) < 9 * seconds(5_000)
