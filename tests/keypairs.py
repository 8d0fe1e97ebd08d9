"""Key pairs as GitHub's page of an App makes them."""

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def app_keypair() -> tuple[str, str]:
    """(private, public) as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    none, form = serialization.NoEncryption(), serialization.PublicFormat.SubjectPublicKeyInfo
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, none)
    return private.decode(), key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()
