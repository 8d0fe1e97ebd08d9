"""The one exception tree.

FactoryError                      1  something a person should read; the message is one clear sentence
├── UsageProblem                  2  bad input or configuration: what to do is in the message
├── Stopped                       *  the run ends here for a typed reason (exit code from EXIT_CODES)
├── GitProblem                    1  git refused
├── EditProblem                   1  an edit does not apply; carries what to tell the model
├── SandboxProblem                1  the sandbox itself is broken (never shown to a model as output)
├── Refusal                       1  what was handed over may not be acted on; `code` is a fixed word
├── HubProblem                    1  one request to GitHub failed; `status` is HTTP's, 0 without an answer
│   ├── HubUnreachable               no answer, or 5xx                  (reads are retried; writes are looked up first)
│   ├── HubLimited                4  a rate limit: `wait` seconds until it lifts
│   ├── HubUnauthorized              401, also after a new token
│   ├── HubForbidden                 403 that is no limit: the token lacks a permission
│   ├── HubMissing                   404 or 410
│   └── HubRefused                   409, 422 and other 4xx: this request will never succeed
├── Abandoned                     1  this process must end at once and write nothing
│   ├── LostLease                    another process took the run
│   └── ReplayDiffers                an offline replay left the recorded path
└── ModelProblem                  1  one call to one endpoint failed
    ├── Unreachable                  connection refused or reset, timeout          (worth a retry)
    ├── RateLimited                  429, with the server's retry-after if it gave one (worth a retry)
    ├── ServerFault                  5xx                                            (worth a retry)
    ├── WrongKey                  2  401 or 403: the owner must act
    ├── Refused                      any other 4xx: this request will never succeed there
    ├── Withheld                     the egress policy forbids it: nothing was sent
    └── BadReply                     an answer that is not one: HTML, broken JSON, empty, repeating
"""

import errno
import os
from pathlib import Path
from typing import Literal

StopReason = Literal[
    "auth_expired",
    "branch_moved",
    "budget",
    "cancelled_by_human",
    "disk_full",
    "egress",
    "git_refused",
    "internal_error",
    "interrupted",
    "model_unusable",
    "nothing_changed",
    "nothing_to_do",
    "no_model",
    "plan_rejected",
    "rate_limited",
    "refused",
    "sandbox_broken",
    "sandbox_unavailable",
    "state_unusable",
    "units_failed",
    "waiting_quota",
    "wrong_key",
]

EXIT_CODES: dict[StopReason, int] = {
    "auth_expired": 1,
    "branch_moved": 1,
    "budget": 4,
    "cancelled_by_human": 0,
    "disk_full": 4,
    "egress": 4,
    "git_refused": 1,
    "internal_error": 3,
    "interrupted": 130,
    "model_unusable": 1,
    "nothing_changed": 1,
    "nothing_to_do": 0,
    "no_model": 1,
    "plan_rejected": 1,
    "rate_limited": 4,
    "refused": 1,
    "sandbox_broken": 1,
    "sandbox_unavailable": 2,
    "state_unusable": 4,
    "units_failed": 1,
    "waiting_quota": 4,
    "wrong_key": 2,
}


class FactoryError(Exception):
    """Anything the factory says no to."""

    exit_code = 1


class UsageProblem(FactoryError):
    exit_code = 2


class Stopped(FactoryError):
    """Ends the run with a reason; what was done so far stays in the journal."""

    def __init__(self, reason: StopReason, message: str) -> None:
        super().__init__(message)
        self.reason: StopReason = reason
        self.exit_code = EXIT_CODES[reason]


class GitProblem(FactoryError):
    pass


class EditProblem(FactoryError):
    """`str()` of it is written for the model that made the edit: path, line numbers, nearest text."""

    def __init__(self, message: str, path: str = "", rule: str = "edit") -> None:
        super().__init__(message)
        self.path = path
        self.rule = rule


class SandboxProblem(FactoryError):
    pass


RefusalCode = Literal[
    "bad_signature",
    "binary",
    "bundle_damaged",
    "digest_mismatch",
    "mode_change",
    "not_allowed",
    "protected_path",
    "secret_in_diff",
    "stale_input",
    "submodule",
    "symlink",
    "too_big",
    "too_many_files",
    "untrusted_artifact",
]


class Refusal(FactoryError):
    """What another job handed over is not acted on. The message names what, where and what to do."""

    def __init__(self, code: RefusalCode, message: str) -> None:
        super().__init__(message)
        self.code: RefusalCode = code


class HubProblem(FactoryError):
    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class HubUnreachable(HubProblem):
    pass


class HubLimited(HubProblem):
    exit_code = 4

    def __init__(self, message: str, wait: float, status: int = 403) -> None:
        super().__init__(message, status)
        self.wait = wait


class HubUnauthorized(HubProblem):
    pass


class HubForbidden(HubProblem):
    pass


class HubMissing(HubProblem):
    pass


class HubRefused(HubProblem):
    pass


class Abandoned(FactoryError):
    pass


class LostLease(Abandoned):
    pass


class ReplayDiffers(Abandoned):
    pass


class ModelProblem(FactoryError):
    kind = "model"
    billed = False  # the answer had begun, so it may stand on a bill


class Unreachable(ModelProblem):
    kind = "unreachable"


class RateLimited(ModelProblem):
    kind = "rate_limited"

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ServerFault(ModelProblem):
    kind = "server_fault"

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class WrongKey(ModelProblem):
    kind = "wrong_key"
    exit_code = 2


class Refused(ModelProblem):
    kind = "refused"


class Withheld(ModelProblem):
    kind = "egress"


class BadReply(ModelProblem):
    kind = "bad_reply"


def _no_inodes(path: Path) -> bool:
    place = next((folder for folder in (path, *path.parents) if folder.exists()), Path("/"))
    try:
        found = os.statvfs(place)
    except OSError:
        return False
    return found.f_files > 0 and found.f_favail == 0 and found.f_bavail > 0


def reason_of(problem: FactoryError) -> StopReason:
    """Why a run ends when this escapes a stage."""
    if isinstance(problem, GitProblem):
        return "git_refused"
    if isinstance(problem, SandboxProblem):
        return "sandbox_broken"
    if isinstance(problem, Refusal):
        return "refused"
    if isinstance(problem, HubProblem):
        return _of_hub(problem)
    return "state_unusable" if isinstance(problem, UsageProblem) else "internal_error"


def _of_hub(problem: HubProblem) -> StopReason:
    if isinstance(problem, HubLimited | HubUnreachable):
        return "waiting_quota"
    return "auth_expired" if isinstance(problem, HubUnauthorized) else "git_refused"


FULL = (errno.ENOSPC, errno.EDQUOT)
DISK = (*FULL, errno.EROFS, errno.EIO)  # what a disk says that no bug of ours causes


def disk_problem(error: OSError, path: Path) -> Stopped:
    """The stop that an OSError on the state's disk means."""
    if error.errno in FULL:
        what = "files (inodes)" if _no_inodes(path) else "space"
        return Stopped("disk_full", f"No {what} left for {path}: free some {what}, then run `factory resume`.")
    if error.errno in DISK:
        return Stopped(
            "state_unusable",
            f"Cannot write {path} ({error.strerror}): the disk is read-only or broken; look at `dmesg`, repair and "
            "remount it, then run `factory resume`.",
        )
    return Stopped("state_unusable", f"Cannot write {path} ({error.strerror}): make the state directory writable.")
