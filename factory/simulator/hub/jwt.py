"""A GitHub App's own word (RS256 JWT), checked with the standard library: for the two endpoints that take one.

With a registered public key the signature must be right; without one any well-formed JWT of a known App passes.
"""

import base64
import binascii
import hashlib
import json
from typing import TYPE_CHECKING, Any

from factory.simulator.hub.nouns import Token
from factory.simulator.hub.routes import Refused

if TYPE_CHECKING:
    from factory.simulator.hub.state import Hub

LONGEST = 600  # seconds that GitHub lets an App's JWT live
_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")  # DigestInfo of PKCS #1
_TIME = "must be an Integer representing the time that"


def token(hub: "Hub", text: str) -> Token:
    """Raises Refused 401, as GitHub words it."""
    head, claims, signature = text.split(".")
    try:
        kind, facts, signed = json.loads(_plain(head)), json.loads(_plain(claims)), _plain(signature)
        app = hub.apps.get(int(facts["iss"]))
        issued, expires = float(facts["iat"]), float(facts["exp"])
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise Refused(401, "A JSON web token could not be decoded") from None
    if app is None:
        raise Refused(401, "Integration not found")
    if kind.get("alg") != "RS256" or (app.key and not _genuine(f"{head}.{claims}".encode(), signed, app.key)):
        raise Refused(401, "A JSON web token could not be decoded")
    now = hub.epoch()
    if issued > now + 60:
        raise Refused(401, f"'Issued at' claim ('iat') {_TIME} the assertion was issued")
    if expires <= now:
        raise Refused(401, f"'Expiration time' claim ('exp') {_TIME} the assertion expires")
    if expires > now + LONGEST + 60:
        raise Refused(401, "'Expiration time' claim ('exp') is too far in the future")
    return Token(text, f"{app.slug}[bot]", "", "jwt", app=app.id)


def public_key(pem: str) -> tuple[int, int]:
    """Modulus and exponent of a PEM public key (SubjectPublicKeyInfo)."""
    der = base64.b64decode("".join(line for line in pem.splitlines() if line and not line.startswith("-")))
    outer = _read(der)[0]
    bits = _read(outer[_read(outer)[1] :])[0]
    pair = _read(bits[1:])[0]  # the first octet counts unused bits
    modulus, end = _read(pair)
    return int.from_bytes(modulus, "big"), int.from_bytes(_read(pair[end:])[0], "big")


def _read(data: bytes) -> tuple[bytes, int]:
    """Content of the first DER element, and where it ends."""
    size, start = data[1], 2
    if size & 0x80:
        count = size & 0x7F
        size, start = int.from_bytes(data[2 : 2 + count], "big"), 2 + count
    return data[start : start + size], start + size


def _genuine(message: bytes, signature: bytes, key: tuple[int, int]) -> bool:
    modulus, exponent = key
    size = (modulus.bit_length() + 7) // 8
    opened = pow(int.from_bytes(signature, "big"), exponent, modulus).to_bytes(size, "big")
    tail = b"\x00" + _SHA256 + hashlib.sha256(message).digest()
    return opened == b"\x00\x01" + b"\xff" * (size - len(tail) - 2) + tail


def _plain(part: str) -> Any:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
