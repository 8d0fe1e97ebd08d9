import unittest
from html.parser import HTMLParser
from pathlib import Path

WEB = Path(__file__).parent.parent / "web"


class Ids(HTMLParser):
    """Collects the ids of a page."""

    def __init__(self):
        super().__init__()
        self.found = set()

    def handle_starttag(self, tag, attributes):
        self.found.update(value for name, value in attributes if name == "id")


class WebTest(unittest.TestCase):
    def test_the_script_finds_its_elements(self):
        page = Ids()
        page.feed((WEB / "index.html").read_text())
        self.assertLessEqual({"products", "lines", "subtotal", "shipping", "total", "message"}, page.found)
