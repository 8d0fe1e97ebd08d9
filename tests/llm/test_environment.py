"""Which values of the environment are secrets: by name and by look, and no path, address, switch or word."""

import json

import pytest

from factory.contracts.model import Endpoint
from factory.llm.environment import is_secret, secrets_of

BASE64 = "/AbCd+efGh1jKlMn0pQrStUvWxYz0123456789ab"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_SECRET_ACCESS_KEY", BASE64), ("DB_PASSWORD", "73519862"), ("STRIPEKEY", "sk-abc-12345"),
        ("MY_TOKENS", "a1b2c3d4e5"), ("DATABASE_DSN", "postgres://me:hidden@db/shop"),
        ("npm_auth_token", "npm-0123-4567"), ("PASSPHRASE", "correcthorsebatterystaple"),
        ("SESSION_COOKIE", "s%3Aabcdef.123"),
    ],
)  # fmt: skip
def test_secrets(name: str, value: str) -> None:
    assert is_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SSH_AUTH_SOCK", "/run/user/1000/keyring/ssh"), ("PWD", "/home/anna/projects"), ("TOKEN_LIMIT", "10000000"),
        ("USE_TOKEN", "true"), ("API_KEY", "production"), ("KEY_FILE", "config/keys/site.key"), ("AUTH_URL", "https://a.example/login"),
        ("AUTH_HOST", "auth.example.org:8443"), ("MY_TOKEN", "not-set-here"), 
        ("TOKENIZERS_PARALLELISM", "falsefalse1"), ("HOME", "a1b2c3d4e5f6"), ("API_KEY", "short1"),
    ],
)  # fmt: skip
def test_ordinary_values(name: str, value: str) -> None:
    assert not is_secret(name, value)


def test_the_keys_of_endpoints_are_secrets_whatever_they_look_like() -> None:
    endpoints = {"cloud": Endpoint(name="cloud", wire="openai", key_env="CLOUD")}
    found = secrets_of(endpoints, {"CLOUD": " plainword\n", "GITHUB_TOKEN": "t-0123456789", "PATH": "/usr/bin:/bin"})
    assert found == ("plainword", "t-0123456789")
    assert secrets_of(endpoints, {"CLOUD": ""}) == ()


def test_a_secret_is_known_as_json_writes_it() -> None:
    value = 'pä"ss\\word-17'
    found = secrets_of({}, {"DB_PASSWORD": value})
    for ascii_only in (True, False):
        text = json.dumps({"text": f"open {value}"}, ensure_ascii=ascii_only)
        assert any(form in text for form in found)
    assert value in found
