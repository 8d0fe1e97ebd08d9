"""The only way out of an installing sandbox: an HTTP proxy that knows a list of places and nothing else.

It has no address of its own: the inside makes a listening socket in the sandbox's empty network and hands it over,
and the proxy answers there. RFC 9110 section 9.3.6 (CONNECT), RFC 9112 section 3.2.2 (absolute-form).
"""

import contextlib
import ipaddress
import selectors
import socket
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from factory.sandbox.indexes import Place, Reach

PORT = 3128  # on the sandbox's own loopback
_HEAD, _IDLE, _DIAL = 65536, 180.0, 30.0  # bytes, seconds, seconds
_PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.168.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "::/128", "::1/128", "fc00::/7", "fe80::/10", "ff00::/8",
        ),
    )
)  # fmt: skip


class Denied(Exception):
    """What to answer: a status and a reason."""


class Proxy:
    """`with Proxy(reach) as proxy:` and give `proxy.control` to the inside. `refused`: what it asked for in vain."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._host, self._inside = socket.socketpair()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="install-proxy", daemon=True)
        self.refused: dict[str, None] = {}

    @property
    def control(self) -> int:
        """The descriptor the inside sends its listening socket through."""
        return self._inside.fileno()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self._closing.set()
        self._inside.close()
        with contextlib.suppress(OSError):
            self._host.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._host.close()

    def _serve(self) -> None:
        try:
            _, descriptors, _, _ = socket.recv_fds(self._host, 1, 1)
        except OSError:
            return
        for descriptor in descriptors:
            with socket.socket(fileno=descriptor) as listener:
                listener.settimeout(0.2)
                while not self._closing.is_set():
                    with contextlib.suppress(TimeoutError, OSError):
                        client, _ = listener.accept()
                        threading.Thread(target=self._answer, args=(client,), daemon=True).start()

    def _answer(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            client.settimeout(_DIAL)
            try:
                place, opening, reply = _asked(_head(client))
                upstream = self._dial(place)
            except Denied as no:
                client.sendall(f"HTTP/1.1 {no}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
                return
            with upstream:
                upstream.sendall(opening)
                client.sendall(reply)
                _tunnel(client, upstream, self._closing)

    def _dial(self, place: Place) -> socket.socket:
        """A connection to an address that was checked (not to a name that could be resolved a second time)."""
        if place not in self._reach.places:
            self.refused[f"{place[0]}:{place[1]}"] = None
            raise Denied("403 Not on the list of package indexes")
        try:
            found = socket.getaddrinfo(*place, type=socket.SOCK_STREAM)
        except OSError:
            raise Denied("502 Unknown host") from None
        for family, kind, protocol, _, address in found:
            if place not in self._reach.named and private(str(address[0])):
                self.refused[f"{place[0]}:{place[1]} (a private address)"] = None
                continue
            connection = socket.socket(family, kind, protocol)
            connection.settimeout(_DIAL)
            try:
                connection.connect(address)
            except OSError:
                connection.close()
                continue
            return connection
        raise Denied("502 Unreachable")


def private(address: str) -> bool:
    """Whether an address belongs to a machine or a network rather than to the Internet."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    parsed = mapped or parsed
    return any(parsed.version == network.version and parsed in network for network in _PRIVATE)


def _head(client: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        data = client.recv(4096)
        head += data
        if not data or len(head) > _HEAD:
            raise Denied("400 Bad Request")
    return head


def _asked(head: bytes) -> tuple[Place, bytes, bytes]:
    """(where to, what to send there first, what to answer first)."""
    line, _, rest = head.partition(b"\r\n")
    try:
        method, target, version = line.decode("ascii").split(" ")
        if method == "CONNECT":
            host, _, port = target.rpartition(":")
            return (host.strip("[]").lower(), int(port)), b"", b"HTTP/1.1 200 Connection established\r\n\r\n"
        parts = urlsplit(target)
        if parts.scheme != "http" or not parts.hostname:
            raise Denied("400 Bad Request")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        place = parts.hostname.lower(), parts.port or 80
    except (UnicodeDecodeError, ValueError):
        raise Denied("400 Bad Request") from None
    headers, _, body = rest.partition(b"\r\n\r\n")
    kept = [one for one in headers.split(b"\r\n") if one and not one.lower().startswith((b"proxy-", b"connection:"))]
    opening = b"\r\n".join([f"{method} {path} {version}".encode(), *kept, b"Connection: close", b"", b""])
    return place, opening + body, b""


def _tunnel(one: socket.socket, other: socket.socket, closing: threading.Event) -> None:
    """Copy both ways until both ends have closed, or nothing moved for a while."""
    idle = 0.0
    with selectors.DefaultSelector() as selector:
        selector.register(one, selectors.EVENT_READ, other)
        selector.register(other, selectors.EVENT_READ, one)
        while selector.get_map() and idle < _IDLE and not closing.is_set():
            ready = selector.select(1.0)
            idle = 0.0 if ready else idle + 1.0
            for key, _ in ready:
                source, sink = key.fileobj, key.data
                assert isinstance(source, socket.socket)
                data = source.recv(65536)
                if data:
                    sink.sendall(data)
                else:
                    selector.unregister(source)
                    sink.shutdown(socket.SHUT_WR)
