"""What a step said comes back as it was, and takes little room."""

import pytest

from factory.ledger.texts import pack, unpack


@pytest.mark.parametrize("request_text", ["", "{}", "12\n{}", "grüße \n\0 \U0001f600"])
@pytest.mark.parametrize("output", ["", "{}", "\n7\n", "grüße \n\0 \U0001f600"])
def test_texts_come_back_as_they_were(request_text: str, output: str) -> None:
    assert unpack(pack(request_text, output)) == (request_text, output)


def test_an_output_that_repeats_a_long_input_costs_next_to_nothing() -> None:
    said = "".join(f"{number * 7919 % 100_003:x} " for number in range(60_000))
    assert len(pack(said, said)) < len(pack(said, "")) * 1.01
