"""Which addresses git and HTTP are given."""

import pytest

from factory.contracts.errors import Refusal, UsageProblem
from factory.forge.origin import api_origin, repository_url


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c id",
        "ssh://-oProxyCommand=x/acme/shop",
        "ssh://git@github.com/acme/shop",
        "git@github.com:acme/shop.git",
        "file:///etc",
        "/etc/passwd",
        "../other",
        "--upload-pack=touch /tmp/x",
        "http://github.com/acme/shop",
        "https://user:pass@github.com/acme/shop",
        "https://github.com/acme/shop?x=1",
        "https://github.com/acme/shop#x",
        "https://github.com/acme/..",
        "https://github.com/../acme/shop",
        "https://github.com/",
        "https://github.com",
        "https://-oProxy/acme/shop",
        "https://github.com/acme/shop\n",
        "https://github.com/acme/sh op",
        "git://github.com/acme/shop",
        "HTTPS://github.com/acme/shop",
        "",
    ],
)
def test_inj_11_only_the_https_address_of_a_repository_is_given_to_git(url: str) -> None:
    """INJ-11."""
    with pytest.raises(Refusal) as caught:
        repository_url(url)
    assert caught.value.code == "not_allowed"


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme/shop",
        "https://github.com/acme/shop.git",
        "https://ghe.example.org:8443/acme/shop-2.x",
        "http://127.0.0.1:8123/acme/shop.git",
        "http://localhost:8123/acme/shop",
    ],
)
def test_repositories_are_accepted(url: str) -> None:
    assert repository_url(url) == url


@pytest.mark.parametrize(
    "url", ["http://api.github.com", "file:///x", "https://u:p@api.github.com", "api.github.com", ""]
)
def test_the_api_is_asked_over_https_only(url: str) -> None:
    with pytest.raises(UsageProblem, match="GITHUB_API_URL"):
        api_origin(url)
    assert api_origin("https://ghe.example.org/api/v3/") == "https://ghe.example.org/api/v3"
