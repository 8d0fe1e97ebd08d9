"""Secrets stay here, under names that mean the same in every request of a run."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.contracts.model import Message, ToolCall
from factory.llm import secret_forms
from factory.llm.redact import PLACEHOLDER, Redaction, unless_secret
from factory.llm.secret_forms import formats_in, passwords_in, secrets_in
from factory.occurrences import FEW
from tests.llm.bench import request

AWS = "AKIA" + "QYLPMN5HHHFPZAM2"
GITHUB = "ghp_" + "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabcdef\n-----END RSA PRIVATE KEY-----"
VALUE = "my-own-value"
ONE = Redaction(b"k" * 32, (VALUE, "own-value-of", "S3cret\nof two lines"))

secrets = st.sampled_from([AWS, GITHUB, PEM, VALUE, "own-value-of", "my-own-value-of", 'password = "correct horse"'])
words = st.sampled_from(
    ["\n", " ", '"', "'", "= ", "secret", "[redacted-", "]", "[redacted-0123456789]", "token: ", "abc", "ünï", "\ud800",
     "-----END", "\\n", "password = "]
)  # fmt: skip
texts = st.lists(secrets | words | st.text(max_size=12), max_size=14).map("".join)


@pytest.mark.parametrize("secret", [AWS, GITHUB, PEM, VALUE])
def test_what_looks_like_a_secret_is_replaced(secret: str) -> None:
    made = ONE.request(request(f"before\nkey = {secret}\nafter"))
    assert re.fullmatch(r"before\nkey = \[redacted-[0-9a-f]{10}\]\nafter", made.messages[1].text)


def test_a_quoted_password_is_replaced_and_code_is_not() -> None:
    text = 'password = "correct horse battery"\npassword = get_password(user)\n'
    text += 'sha = "da39a3ee5e6b4b0d3255bfef95601890afd80709"'
    (_, message) = ONE.request(request(text)).messages
    assert "correct horse" not in message.text
    assert "get_password(user)" in message.text
    assert "da39a3ee" in message.text


def test_a_word_that_is_called_a_password_is_hidden_as_a_value_only() -> None:
    text = 'password = "sunshine"\n# a day of sunshine\nother = "sunshine"\nthird: sunshine\n'
    made = ONE.text(text)
    assert "# a day of sunshine\n" in made
    assert made.count("sunshine") == 1
    own = Redaction(b"k" * 32, ("sunshine",))  # a key's very value is hidden wherever it stands
    assert "sunshine" not in own.text(text)


def test_placeholders_are_stable_while_a_conversation_grows() -> None:
    first = ONE.request(request(f"{AWS} and {GITHUB}"))
    call = ToolCall(id="a", name="read", arguments=f'{{"path": "{GITHUB}"}}')
    grown = request(f"{AWS} and {GITHUB}")
    grown = grown.but(messages=(*grown.messages, Message(role="assistant", text="hm", calls=(call,))))
    second = ONE.request(grown)
    assert second.messages[: len(first.messages)] == first.messages
    names = PLACEHOLDER.findall(first.messages[1].text)
    assert len(set(names)) == 2
    assert second.messages[-1].calls[0].arguments == f'{{"path": "{names[1]}"}}'


def test_the_same_secret_has_one_name_in_a_run_and_another_in_the_next() -> None:
    again, other = Redaction(ONE.key, ONE.values), Redaction(b"j" * 32, ONE.values)
    assert again.text(f"x = {AWS}") == ONE.text(f"x = {AWS}")
    assert PLACEHOLDER.findall(ONE.text(f"y {AWS}")) == PLACEHOLDER.findall(ONE.text(f"{AWS}z {VALUE}"))[:1]
    assert other.text(AWS) != ONE.text(AWS)


def test_the_name_of_a_tool_is_a_text_like_any_other() -> None:
    """A model may call a tool that does not exist, by any name; a server takes no brackets in one."""
    call = ToolCall(id="a", name=f"read_{GITHUB}", arguments="{}")
    made = request().but(
        messages=(Message(role="assistant", text="", calls=(call,)), Message(role="user", text=GITHUB))
    )
    cleaned = ONE.request(made)
    (name,) = PLACEHOLDER.findall(cleaned.messages[1].text)
    assert cleaned.messages[0].calls[0].name == f"read_{name[1:-1]}"
    assert ONE.request(cleaned) == cleaned


def test_what_one_message_gives_away_is_hidden_in_all() -> None:
    told = Message(role="user", text='password = "tr0ub4dor&3"')
    made = request().but(messages=(Message(role="system", text="the value tr0ub4dor&3"), told))
    assert not any("tr0ub4dor" in message.text for message in ONE.request(made).messages)


def test_what_holds_no_secret_is_left_as_it_is() -> None:
    plain = request("def total(cart):\n    return sum(cart)\n")
    assert Redaction(b"k" * 32, ("", "short")).request(plain) is plain


JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
OPENAI = "sk-proj-" + "a1B2c3D4e5F6g7H8i9J0" + "T3BlbkFJ" + "k1L2m3N4o5P6q7R8s9T0"
NPM = "npm_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"Authorization: Bearer {JWT}.", JWT),
        (f"eyJeyJ.{JWT}", f"eyJeyJ.{JWT}"),
        (f"x{OPENAI},sk-{OPENAI}", OPENAI),
        (f"//registry.example/:_authToken={NPM} # theirs", NPM),
    ],
)
def test_long_formats_are_replaced_whole(text: str, secret: str) -> None:
    (*_, message) = ONE.request(request(text)).messages
    assert not any(part in message.text for part in secret.split("."))


@pytest.mark.parametrize("word", ["eyJ", "sk-", "https://", "//a/:_authToken=", "eyJa.", 'password="'])
def test_a_long_hostile_line_takes_no_time_of_its_own(word: str) -> None:
    """A minified or a hostile line: quadratic patterns took minutes for it, and the port answered nobody meanwhile."""
    started = time.process_time()
    ONE.text(word * (200_000 // len(word)))
    assert time.process_time() - started < 10


def test_many_different_secrets_take_time_in_proportion() -> None:
    """Twenty thousand took 21 seconds once, and the port answered nobody meanwhile."""
    keys = ["AKIA" + format(n, "016X") for n in range(8_000)]
    started = time.process_time()
    made, table = ONE.redacted("\n".join(f"key = {key}" for key in keys))
    assert time.process_time() - started < 20
    assert set(table.values()) == set(keys)
    assert "AKIA" not in made


@given(texts)
def test_all_secrets_at_once_are_taken_out_as_one_by_one(text: str) -> None:
    """However many others are looked for, and whichever way: the same text is left."""
    others = ["AKIA" + format(n, "016X") for n in range(FEW + 1)]
    assert ONE.redacted(text, ONE.found([text, *others])) == ONE.redacted(text, ONE.found([text])) == ONE.redacted(text)


@given(texts)
def test_what_is_remembered_of_a_text_is_what_it_was(text: str) -> None:
    first = secrets_in(text, ONE.values)
    assert secrets_in(text, ONE.values) == first
    assert set(formats_in(text, ONE.values)) | set(passwords_in(text)) == set(first)
    assert all(len(digest) == 32 for digest, _ in secret_forms._known), "digests are kept, and no text"


@given(texts)
def test_redaction_is_idempotent_and_leaves_no_secret(text: str) -> None:
    made = ONE.text(text)
    assert ONE.text(made) == made
    outside = PLACEHOLDER.split(made)
    assert not any(secret in part for part in outside for secret in (AWS, GITHUB, VALUE, "own-value-of"))


@given(texts)
def test_redaction_is_reversible_for_who_holds_the_text(text: str) -> None:
    """Where the text does not hold the very name of one of its secrets, which then reads as that secret."""
    made, table = ONE.text(text), ONE.secrets(text)
    if not any(name in text for name in table):
        back, foreign = ONE.put_back(made, [text])
        assert back == text
        assert foreign == ()


@given(texts, texts)
def test_a_secret_is_put_back_only_where_it_was_held(text: str, other: str) -> None:
    made = ONE.text(text)
    back, foreign = ONE.put_back(made, [other])
    assert set(ONE.secrets(back)) <= set(ONE.secrets(other)) | set(ONE.secrets(made))
    kept = set(PLACEHOLDER.findall(made)) - set(ONE.secrets(other))
    assert all(name in back for name in kept)
    assert set(foreign) == {name for name in kept if name not in other}


def test_words_that_hold_a_secret_are_not_kept_at_all() -> None:
    kept = unless_secret(("hunter2hunter2",))
    assert kept("use a list here") == "use a list here"
    assert kept("the key is AKIAIOSFODNN7EXAMPLE, as before") == ""
    assert kept("log in with hunter2hunter2") == ""
