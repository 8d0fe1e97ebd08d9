"""Code scanning: a SARIF log of one commit. https://docs.github.com/rest/code-scanning/code-scanning#upload-an-analysis-as-sarif-data"""

import base64
import gzip

from factory.forge.caller import Caller
from factory.forge.shapes import shaped

MAX_SARIF = 10 * 1024 * 1024  # bytes, gzipped, that GitHub takes


class ScanCalls:
    """Implements contracts.hub.ScanWriter."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    def upload_sarif(self, commit: str, ref: str, log: str) -> str:
        """The upload's id. The same tool's results of the same commit are replaced: repeating it changes nothing."""
        body = {"commit_sha": commit, "ref": ref, "sarif": base64.b64encode(zipped(log)).decode()}
        found = self.caller.call("POST", "/repos/{repo}/code-scanning/sarifs", body, repeat=True)
        return str(shaped(lambda data: data["id"], found))


def zipped(log: str) -> bytes:
    """The same log gives the same bytes."""
    return gzip.compress(log.encode(), mtime=0)
