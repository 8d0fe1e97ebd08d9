"""The filter as a program: run through a small interpreter of classic BPF, for both machines."""

import struct

import pytest

from factory.sandbox.seccomp import DENIED, program

ALLOW, KILL, EPERM, ENOSYS, EAFNOSUPPORT = 0x7FFF0000, 0x80000000, 0x50001, 0x50026, 0x50061
ARCHES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def decide(machine: str, number: int, *arguments: int, arch: int | None = None) -> int:
    """What the kernel would do with this call (linux/Documentation/networking/filter.rst)."""
    data = struct.pack(
        "=iIQ6Q", number, ARCHES[machine] if arch is None else arch, 0, *arguments, *[0] * (6 - len(arguments))
    )
    code, at, value = list(struct.iter_unpack("=HBBI", program(machine))), 0, 0
    while True:
        what, if_true, if_false, constant = code[at]
        at += 1
        if what == 0x20:
            (value,) = struct.unpack_from("=I", data, constant)
        elif what == 0x06:
            return int(constant)
        else:
            holds = {0x15: value == constant, 0x35: value >= constant, 0x45: bool(value & constant)}[what]
            at += if_true if holds else if_false


@pytest.mark.parametrize("machine", ARCHES)
def test_denied_calls(machine: str) -> None:
    column = list(ARCHES).index(machine)
    for name, numbers in DENIED.items():
        if numbers[column] >= 0:
            assert decide(machine, numbers[column]) == EPERM, name


@pytest.mark.parametrize(
    ("machine", "clone", "clone3", "socket", "ioctl", "read"),
    [("x86_64", 56, 435, 41, 16, 0), ("aarch64", 220, 435, 198, 29, 63)],
)
def test_calls_judged_by_their_arguments(
    machine: str, clone: int, clone3: int, socket: int, ioctl: int, read: int
) -> None:
    assert decide(machine, read) == ALLOW
    assert decide(machine, clone3) == ENOSYS
    assert decide(machine, clone, 17) == ALLOW
    for flag in (0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert decide(machine, clone, flag | 17) == EPERM
    assert [decide(machine, socket, family) for family in (1, 2, 10)] == [ALLOW] * 3
    assert {decide(machine, socket, family) for family in (0, 3, 9, 11, 16, 17, 38, 40)} == {EAFNOSUPPORT}
    assert decide(machine, ioctl, 0, 0x5412) == EPERM
    assert decide(machine, ioctl, 0, 0x541C) == EPERM
    assert decide(machine, ioctl, 0, 0x5412 | 1 << 32) == EPERM  # the kernel looks at the low half only
    assert decide(machine, ioctl, 0, 0x5401) == ALLOW


def test_foreign_callers_are_killed() -> None:
    assert decide("x86_64", 0, arch=0x40000003) == KILL
    assert decide("aarch64", 0, arch=0x40000028) == KILL
    assert decide("x86_64", 0x40000000) == KILL


def test_numbers_are_those_of_this_machine() -> None:
    """No number stands twice: a typing error would deny something else."""
    for column in (0, 1):
        numbers = [pair[column] for pair in DENIED.values() if pair[column] >= 0]
        assert len(set(numbers)) == len(numbers)
