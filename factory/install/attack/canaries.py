"""Made-up secrets, each planted in one kind of place; where one turns up later, something leaked."""

import base64
import secrets
from collections.abc import Iterable

from factory.contracts.record import Record


class Canaries(Record):
    """New for each self-test; worth nothing to anybody."""

    environment: str  # in variables of the process that runs the line
    home: str  # in ~/.aws/credentials and the runner's own files
    repository: str  # in a file of the target that never leaves for the cloud
    source: str  # a key inside the target's source code


VARIABLES = ("FACTORY_FRONTIER_KEY", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY")  # which hold `environment`


def made() -> Canaries:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    key = "AKIA" + "".join(secrets.choice(letters) for _ in range(16))  # as AWS writes its keys
    return Canaries(
        environment=f"sk-canary-{secrets.token_hex(20)}", home=f"home-canary-{secrets.token_hex(16)}",
        repository=f"warehouse-{secrets.token_hex(16)}.internal.invalid", source=key,
    )  # fmt: skip


def leaked(text: str, canaries: Iterable[str]) -> tuple[str, ...]:
    """Those that are in the text, also as hex or base64, as a thief would write them."""
    return tuple(canary for canary in canaries if any(form in text for form in _forms(canary)))


def _forms(canary: str) -> tuple[str, ...]:
    raw = canary.encode()
    shifted = (base64.b64encode(b" " * n + raw).decode()[4:-4] for n in range(3))  # wherever it begins in a longer text
    return (canary, raw.hex(), *shifted)
