"""vulture, run as a program of its own: a file whose nesting ends its walk costs that file, not the whole tree.

What such a file uses was counted up to there; `dead.py` looks for every name in the text of the tree besides.
"""

import sys

from vulture.core import Vulture  # type: ignore[import-untyped]


class Patient(Vulture):  # type: ignore[misc]
    def scan(self, code: str, filename: str = "") -> None:
        try:
            super().scan(code, filename)
        except (RecursionError, MemoryError):
            sys.stderr.write(f"{filename} is nested too deeply\n")


def main() -> int:
    """The tree's folder is the only argument; its configuration is not read."""
    walk = Patient()
    walk.scavenge([sys.argv[1]])
    return int(walk.report(min_confidence=60))


if __name__ == "__main__":
    sys.exit(main())
