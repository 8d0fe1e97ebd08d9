"""The system calls that a sandboxed command has no business with, as a classic BPF program.

Format: seccomp(2), linux/filter.h, linux/seccomp.h. Numbers: arch/x86/entry/syscalls/syscall_64.tbl and
include/uapi/asm-generic/unistd.h.
"""

import platform
import struct

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97
_NUMBER, _ARCH, _ARG0, _ARG1 = 0, 4, 16, 24  # offsets in struct seccomp_data; the low half on little endian
_NEW_NAMESPACES = 0x7E020000  # CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET
_TERMINAL_INPUT = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
_FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6
_X32 = 0x40000000

DENIED: dict[str, tuple[int, int]] = {  # name: (x86_64, aarch64); -1 = does not exist there
    "acct": (163, 89),
    "add_key": (248, 217),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, -1),
    "iopl": (172, -1),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "vhangup": (153, 58),
}
_CLONE, _CLONE3, _SOCKET, _IOCTL = (56, 220), (435, 435), (41, 198), (16, 29)
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column, AUDIT_ARCH_*


def supported(machine: str = "") -> bool:
    return (machine or platform.machine()) in _MACHINES


def program(machine: str = "") -> bytes:
    """The filter as an array of struct sock_filter, for `bwrap --seccomp`. Raises KeyError on an unknown machine."""
    column, arch = _MACHINES[machine or platform.machine()]
    code = [_load(_ARCH), *_unless_equal(arch, _KILL), _load(_NUMBER)]
    if column == 0:
        code += [_jump(_AT_LEAST, _X32, 0, 1), _return(_KILL)]
    for numbers in DENIED.values():
        if numbers[column] >= 0:
            code += _if_equal(numbers[column], [_return(_ERRNO | _EPERM)])
    code += _if_equal(_CLONE3[column], [_return(_ERRNO | _ENOSYS)])  # its flags are behind a pointer; libc falls back
    code += _if_equal(
        _CLONE[column],
        [_load(_ARG0), _jump(_ANY_BIT, _NEW_NAMESPACES, 0, 1), _return(_ERRNO | _EPERM), _return(_ALLOW)],
    )
    families = [_jump(_EQUAL, family, len(_FAMILIES) - place, 0) for place, family in enumerate(_FAMILIES)]
    code += _if_equal(_SOCKET[column], [_load(_ARG0), *families, _return(_ERRNO | _EAFNOSUPPORT), _return(_ALLOW)])
    requests = [part for request in _TERMINAL_INPUT for part in _if_equal(request, [_return(_ERRNO | _EPERM)])]
    code += _if_equal(_IOCTL[column], [_load(_ARG1), *requests, _return(_ALLOW)])
    return b"".join([*code, _return(_ALLOW)])


def _load(offset: int) -> bytes:
    return struct.pack("=HBBI", _LOAD, 0, 0, offset)


def _jump(test: int, value: int, if_true: int, if_false: int) -> bytes:
    return struct.pack("=HBBI", test, if_true, if_false, value)


def _return(what: int) -> bytes:
    return struct.pack("=HBBI", _RETURN, 0, 0, what)


def _if_equal(value: int, then: list[bytes]) -> list[bytes]:
    return [_jump(_EQUAL, value, 0, len(then)), *then]


def _unless_equal(value: int, what: int) -> list[bytes]:
    return [_jump(_EQUAL, value, 1, 0), _return(what)]
