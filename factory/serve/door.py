"""Who may come in: host, origin, key, size; and what a request's headers say."""

import hashlib
import ipaddress
import secrets
from collections.abc import Mapping
from itertools import count

from factory.contracts.model import TIERS, Form, Tier, within
from factory.contracts.record import Json
from factory.contracts.serving import KeySettings, ServeSettings
from factory.serve.ask import Ask, effort_of, parse, text_size
from factory.serve.errors import Refused

MOST_HOSTS = 1000  # remembered
NAMED = 64  # characters of a role, a run or a session that a header may give
Headers = Mapping[bytes, bytes]


class Door:
    """Built once from the settings; asked for every request. `shared`: there are rented machines for every key."""

    def __init__(self, settings: ServeSettings, shared: bool = False) -> None:
        self.settings, self._shared = settings, shared
        self._keys = {bytes.fromhex(key.sha256): (name, key) for name, key in settings.keys.items()}
        self._nobody = KeySettings(
            sha256="0" * 64, ceiling=settings.ceiling, unasked=settings.unasked, day_usd=None, reason=True
        )
        self._names = set(map(str.lower, settings.names))
        self._hosts = {"localhost", settings.host.lower(), *self._names}
        self._series, self._numbers = secrets.token_hex(4), count(0x1000)
        self._seen: dict[bytes, bool] = {}  # hosts that were judged, few
        self.most_bytes = int(settings.max_body_mib * 1024 * 1024)

    def who(self, headers: Headers) -> tuple[str, KeySettings]:
        """The key's name and settings; raises Refused for a stranger, or for a page of another site."""
        self.same_site(headers)
        if not self._keys:
            return "", self._nobody
        scheme, _, bearer = headers.get(b"authorization", b"").strip().partition(b" ")
        said = headers.get(b"x-api-key") or (bearer.strip() if scheme.lower() == b"bearer" else scheme)
        if not said:
            raise Refused("authentication", "A key is needed: send it as `Authorization: Bearer KEY` or `x-api-key`.")
        found = self._keys.get(hashlib.sha256(said).digest())
        if found is None:
            raise Refused("authentication", "This key is not known here: ask the owner of the box for one.")
        return found

    def ask(self, form: Form, headers: dict[bytes, bytes], raw: bytes, who: tuple[str, KeySettings]) -> Ask:
        """The request, read. Raises Refused."""
        name, key = who
        body = parse(raw, form)
        model, ceiling, said = self._model(body, headers, key)
        interactive = headers.get(b"x-factory-interactive")
        reason = headers.get(b"x-factory-reason", b"0") == b"1"
        if reason and not key.reason:
            raise Refused("permission", f"The key {name} may not use the tool `reason`.")
        run = _named(headers, b"x-factory-run")
        return Ask(
            id=f"{self._series}{next(self._numbers):x}",
            form=form,
            raw=raw,
            body=body,
            model=model,
            key=name,
            role=_named(headers, b"x-factory-role"),
            run=run,
            session=_named(headers, b"x-factory-session"),
            effort=effort_of(headers.get(b"x-factory-effort"), body),
            ceiling=ceiling,
            said=said,
            highest=key.ceiling,
            interactive=not (key.batch or run) if interactive is None else interactive == b"1",
            stream=body.get("stream") is True and form != "embeddings",
            reason=reason,
            share=key.share,
            headers=headers,
            size=text_size(raw),
        )

    def _model(self, body: Json, headers: Headers, key: KeySettings) -> tuple[str, Tier, bool]:
        """The model's name, the request's ceiling (from X-Factory-Ceiling, else from `name@tier`, else the key's), and
        whether the request said it."""
        name, at, tier = str(body.get("model", "")).rpartition("@")
        if not at or tier not in TIERS:
            name, tier = str(body.get("model", "")), ""
        said = headers.get(b"x-factory-ceiling", b"").decode("latin-1").strip() or tier
        if not said:
            return name, key.unasked if within(key.unasked, key.ceiling) else key.ceiling, False
        ceiling = next((each for each in TIERS if each == said), None)
        if ceiling is None:
            raise Refused("invalid_request", f"X-Factory-Ceiling must be one of {', '.join(TIERS)}.")
        if not within(ceiling, key.ceiling) and not (ceiling == "rented" and self._shared):
            raise Refused("permission", f"This key may ask up to the tier {key.ceiling}, not {ceiling}.")
        return name, ceiling, True

    def same_site(self, headers: Headers) -> None:
        """A page in somebody's browser may not reach us by a name of its own (DNS rebinding) or from its own site.

        Raises Refused('permission').
        """
        said = headers.get(b"host", b"")
        if not self._judged(said):
            host = _host(said.decode("latin-1"))
            raise Refused("permission", f"The host name {host[:NAMED]!r} is not one of this server's: see serve.names.")
        origin = headers.get(b"origin")
        if origin is not None and not self._own(origin.partition(b"://")[2].lower(), said.lower()):
            raise Refused("permission", "Requests from other sites' pages are refused.")

    def _own(self, origin: bytes, host: bytes) -> bool:
        """Another port of this machine is another's page. A proxy before us may change the host: its name is known."""
        return origin == host or _host(origin.decode("latin-1")) in self._names

    def _judged(self, host: bytes) -> bool:
        known = self._seen.get(host)
        if known is None:
            known = self._known(_host(host.decode("latin-1")))
            if len(self._seen) < MOST_HOSTS:
                self._seen[host] = known
        return known

    def _known(self, host: str) -> bool:
        if host in self._hosts:
            return True
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return address.is_loopback or self.settings.host in ("0.0.0.0", "::")  # noqa: S104 (compared)


def _host(text: str) -> str:
    """The host of `host[:port]`, without brackets."""
    text = text.partition("/")[0].strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.rpartition(":")[0] or text if text.count(":") == 1 else text


def _named(headers: Headers, name: bytes) -> str:
    """A short word from a header; what is not printable ASCII is refused, not passed on."""
    if name not in headers:
        return ""
    text = headers[name].decode("latin-1").strip()
    if len(text) > NAMED or not text.isascii() or (text and not text.isprintable()):
        raise Refused("invalid_request", f"{name.decode().title()} must be at most {NAMED} printable characters.")
    return text
