"""What looks made by a machine."""

import pytest

from factory.hunt.secret_values import entropy, is_for_show, is_made, is_near


@pytest.mark.parametrize("text", ["Vq7!mzR2pLw9", "9c1f7be2a40d53", "4b1f9a77c0de82aa913f"])
def test_made(text: str) -> None:
    assert is_made(text)


@pytest.mark.parametrize(
    "text", ["Welcome2shop", "refreshToken2", "[a-zA-Z0-9_]", "short1", "kqzrtvwxyp", "1111111111a"]
)
def test_not_made(text: str) -> None:
    assert not is_made(text)


def test_where_keys_are_for_show() -> None:
    assert is_for_show("docker-compose.prod.yml")
    assert is_for_show("shop/settings/dev.py")
    assert is_for_show("src/deps/tls/server.key")
    assert not is_for_show("shop/devices/settings.py")


def test_hosts_of_this_network() -> None:
    assert is_near("127.0.0.1")
    assert is_near("db.shop.internal")
    assert is_near("db")
    assert not is_near("db.shop.net")


def test_entropy_is_in_bits_a_character() -> None:
    assert entropy("aaaa") == 0
    assert entropy("abcd") == 2
