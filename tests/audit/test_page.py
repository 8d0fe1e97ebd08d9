"""The page of the audit says what the tables hold."""

import re
from pathlib import Path

from factory.audit.tables import raw

PAGE = (Path(__file__).parent.parent.parent / "docs" / "audit.md").read_text(encoding="utf-8")


def test_the_stride_table_is_the_one_that_is_used() -> None:
    rows = dict(re.findall(r"^\| ([a-z ]+) \| [^|]+ \| ([STRIDE ]+) \|$", PAGE, re.MULTILINE))
    used = {name: " ".join(letters) for name, letters in raw()["stride"].items()}
    assert rows == used


def test_every_sink_is_on_the_page_and_has_its_letters() -> None:
    for row in raw()["sink"]:
        assert row["rule"] in PAGE
        assert row["boundary"] in raw()["stride"], row["rule"]
