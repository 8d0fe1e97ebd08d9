"""The factory's own keys: made here, shown once, never written to a file."""

import base64
import secrets
from shlex import quote


def made_keys(repo: str) -> list[str]:
    """Commands that put each key where it belongs (GitHub's own CLI), and who holds it."""
    from factory.forge.tickets import keypair

    private, public = keypair()
    marker = base64.b64encode(secrets.token_bytes(32)).decode()
    where = f" --repo {quote(repo)}" if repo else ""
    return [
        "Keys, shown once. Type each command (GitHub's CLI asks for the value), or paste them on the repository's page",
        "Settings > Secrets and variables > Actions:",
        f"  gh secret set FACTORY_GATE_KEY{where}       {private}   (signs tickets; gate jobs only)",
        f"  gh variable set FACTORY_GATE_PUBLIC{where}  {public}   (checks them; no secret)",
        f"  gh secret set FACTORY_MARKER_KEY{where}     {marker}   (marks what the factory wrote; ship jobs only)",
    ]
