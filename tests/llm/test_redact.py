"""Secrets stay here."""

import pytest

from factory.contracts.model import Message, ToolCall
from factory.llm.redact import redact
from tests.llm.bench import request

AWS = "AKIA" + "QYLPMN5HHHFPZAM2"
GITHUB = "ghp_" + "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabcdef\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize("secret", [AWS, GITHUB, PEM, "my-own-value"])
def test_what_looks_like_a_secret_is_replaced(secret: str) -> None:
    made = redact(request(f"before\nkey = {secret}\nafter"), ("my-own-value",))
    assert made.messages[1].text == "before\nkey = [redacted-1]\nafter"


def test_a_quoted_password_is_replaced_and_code_is_not() -> None:
    text = 'password = "correct horse battery"\npassword = get_password(user)\n'
    text += 'sha = "da39a3ee5e6b4b0d3255bfef95601890afd80709"'
    (_, message) = redact(request(text), ()).messages
    assert "correct horse" not in message.text
    assert "get_password(user)" in message.text
    assert "da39a3ee" in message.text


def test_placeholders_are_stable_while_a_conversation_grows() -> None:
    first = redact(request(f"{AWS} and {GITHUB}"), ())
    call = ToolCall(id="a", name="read", arguments=f'{{"path": "{GITHUB}"}}')
    grown = request(f"{AWS} and {GITHUB}")
    grown = grown.but(messages=(*grown.messages, Message(role="assistant", text="hm", calls=(call,))))
    second = redact(grown, ())
    assert second.messages[: len(first.messages)] == first.messages
    assert first.messages[1].text == "[redacted-1] and [redacted-2]"
    assert second.messages[-1].calls[0].arguments == '{"path": "[redacted-2]"}'


def test_what_holds_no_secret_is_left_as_it_is() -> None:
    assert redact(request("def total(cart):\n    return sum(cart)\n"), ("", "short")) == request(
        "def total(cart):\n    return sum(cart)\n"
    )
