import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.codegraph.words import LONGEST, query_words, words_in, words_of


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("parse_http_headers", ("pars", "http", "header")),
        ("parseHTTPHeaders", ("pars", "http", "header")),
        ("HTTPServer", ("http", "server")),
        ("__init__", ("init",)),
        ("MAX_RETRIES", ("max", "retri")),
        ("utf8Decoder", ("utf8", "decod")),
        ("x", ()),
        ("doesNotWork", ()),
        ("größeÄndern", ("größeändern",)),
        ("error404", ("error404",)),
        ("port_8080", ("port", "8080")),
        ("f" * (LONGEST + 1), ()),
    ],
)
def test_a_name_is_taken_apart(name: str, words: tuple[str, ...]) -> None:
    assert words_in(name) == words


def test_forms_of_a_word_are_one() -> None:
    assert words_in("connection") == words_in("connections") == words_in("connected")


def test_identifiers_and_prose_are_counted_together() -> None:
    assert words_of({"openFile": 2, "file_names": 1}, {"files": 3, "the": 9}) == {"open": 2, "file": 6, "name": 1}


def test_a_text_gives_its_words_in_order() -> None:
    assert list(query_words("The header is parsed twice: `HTTPHeaders.parse()`")) == ["header", "pars", "twice", "http"]
    assert query_words("retry, retries") == {"retri": 2}


@given(st.text())
def test_any_text_has_words_that_find_themselves(text: str) -> None:
    for word in query_words(text):
        assert word
        assert word == word.lower()
