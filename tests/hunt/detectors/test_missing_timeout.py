"""A network call without a timeout."""

from pathlib import Path

from tests.hunt.trees import found


def test_the_call_is_named_as_it_is_written(tmp_path: Path) -> None:
    code = "from urllib import request as r\n\n\ndef f(u):\n    return r.urlopen(u)\n"
    (each,) = found(tmp_path, "missing-timeout", {"a.py": code}, confidence=0.6)
    assert each.message.startswith("`r.urlopen` without a timeout")


def test_a_name_of_ones_own_is_not_the_library(tmp_path: Path) -> None:
    code = "class Requests:\n    def get(self, u):\n        return u\n\n\nrequests = Requests()\nrequests.get('x')\n"
    assert not found(tmp_path, "missing-timeout", {"a.py": code}, confidence=0.6)
