"""What the allow-list proxy lets through, and where it reads the list."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from factory.sandbox.indexes import PYPI, Reach, reach
from factory.sandbox.proxy import Proxy, private
from tests.sandbox.index import serve

HOME = {"HOME": "/nonexistent", "PIP_CONFIG_FILE": "/dev/null"}


@contextmanager
def proxied(allowed: Reach) -> Iterator[tuple[Proxy, tuple[str, int]]]:
    """A proxy that answers on a socket handed over as the inside does."""
    with Proxy(allowed) as proxy, socket.create_server(("127.0.0.1", 0)) as server:
        with socket.socket(fileno=socket.dup(proxy.control)) as control:
            socket.send_fds(control, [b"L"], [server.fileno()])
        yield proxy, server.getsockname()


def ask(address: tuple[str, int], request: bytes) -> bytes:
    with socket.create_connection(address, 5) as connection:
        connection.sendall(request)
        connection.settimeout(5)
        answer = b""
        while data := connection.recv(65536):
            answer += data
        return answer


def test_absolute_form_and_connect() -> None:
    with serve() as (url, asked):
        port = int(url.split(":")[2].split("/")[0])
        with proxied(reach({**HOME, "PIP_INDEX_URL": url}, ())) as (proxy, address):
            head = f"GET {url}/tiny/ HTTP/1.1\r\nHost: x\r\nProxy-Authorization: a\r\n\r\n".encode()
            assert b"tiny-1.0" in ask(address, head)
            with socket.create_connection(address, 5) as connection:
                connection.sendall(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n".encode())
                assert connection.recv(65536).startswith(b"HTTP/1.1 200")
                connection.sendall(b"GET /simple/tiny/ HTTP/1.0\r\n\r\n")
                assert b"200 OK" in connection.recv(65536)
            assert proxy.refused == {}
        assert asked == ["/simple/tiny/", "/simple/tiny/"]


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"CONNECT example.org:443 HTTP/1.1", b"403"),
        (b"CONNECT pypi.org:22 HTTP/1.1", b"403"),
        (b"CONNECT pypi.org.example.org:443 HTTP/1.1", b"403"),
        (b"GET http://example.org/ HTTP/1.1", b"403"),
        (b"GET / HTTP/1.1", b"400"),
        (b"GET file:///etc/passwd HTTP/1.1", b"400"),
        (b"CONNECT pypi.org HTTP/1.1", b"400"),
        (b"\xff\xfe HTTP/1.1", b"400"),
    ],
)
def test_everything_else_is_refused(request_line: bytes, status: bytes) -> None:
    with proxied(reach(HOME, ())) as (_, address):
        assert ask(address, request_line + b"\r\n\r\n").startswith(b"HTTP/1.1 " + status)


def test_a_default_host_on_a_private_address_is_refused() -> None:
    """A name that resolves to this machine must not become a way to its services."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = ("localhost", server.getsockname()[1])
        with proxied(Reach(frozenset({place}), frozenset(), {}, None)) as (proxy, address):
            assert b"502" in ask(address, f"CONNECT localhost:{place[1]} HTTP/1.1\r\n\r\n".encode())
            assert list(proxy.refused) == [f"localhost:{place[1]} (a private address)"]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True), ("10.1.2.3", True), ("169.254.169.254", True), ("::1", True), ("fd00::1", True),
        ("::ffff:127.0.0.1", True), ("fe80::1%eth0", True), ("100.64.0.1", True), ("0.0.0.0", True),
        ("151.101.0.223", False), ("2a04:4e42::223", False),
    ],
)  # fmt: skip
def test_private_addresses(address: str, expected: bool) -> None:
    assert private(address) is expected


def test_the_defaults() -> None:
    found = reach(HOME, ())
    assert found.places == {("pypi.org", 443), ("files.pythonhosted.org", 443), ("registry.npmjs.org", 443)}
    assert found.named == frozenset()
    assert found.env["UV_DEFAULT_INDEX"] == PYPI


def test_configuration_replaces_the_defaults_and_loses_its_secrets(tmp_path: Path) -> None:
    config = tmp_path / ".config" / "pip"
    config.mkdir(parents=True)
    (config / "pip.conf").write_text(
        "[global]\nindex-url = https://user:secret@Mirror.example/simple\nfind-links = /opt/wheels\n"
        "extra-index-url = file:///opt/simple\n  http://extra.example:8080/simple\n"
    )
    (tmp_path / ".npmrc").write_text(
        "registry=https://npm.example/\n@corp:registry = https://corp.example\n//npm.example/:_authToken=secret\n"
    )
    found = reach({"HOME": str(tmp_path)}, ("crates.example", "go.example:8443"))
    assert found.places == found.named == {
        ("mirror.example", 443), ("extra.example", 8080), ("npm.example", 443), ("corp.example", 443),
        ("crates.example", 443), ("go.example", 8443),
    }  # fmt: skip
    assert "secret" not in str(found.env)
    assert "file://" not in str(found.env)
    assert found.env["PIP_INDEX_URL"] == "https://Mirror.example/simple"
    assert found.env["UV_INDEX"] == "http://extra.example:8080/simple"


def test_variables_come_before_files() -> None:
    extra = "corp=https://a.example/simple https://b.example/simple"
    names = {"UV_INDEX": extra, "UV_DEFAULT_INDEX": "https://c.example"}
    found = reach({**HOME, **names}, ())
    assert found.env["UV_DEFAULT_INDEX"] == "https://c.example"
    assert {place[0] for place in found.named} == {"a.example", "b.example", "c.example"}


def test_a_certificate_bundle_is_found(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("x")
    assert reach({**HOME, "SSL_CERT_FILE": str(tmp_path / "ca.pem")}, ()).certificates == tmp_path / "ca.pem"
    assert reach({**HOME, "SSL_CERT_FILE": "/nosuch"}, ()).certificates is None
