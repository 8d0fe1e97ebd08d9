"""The order of aider's repository map, asked by `localise.py`; runs by an interpreter that has aider 0.86, not by ours.

Reads one JSON object from its input: root, files, query. Writes the files in the map's order, as a JSON list.
"""

import json
import re
import sys
from pathlib import Path

LEAST = 5  # letters of a word that may mean a file's name: aider's own rule


def main() -> None:
    from aider.io import InputOutput  # type: ignore[import-not-found]
    from aider.repomap import RepoMap  # type: ignore[import-not-found]

    asked = json.load(sys.stdin)
    root, files, query = asked["root"], asked["files"], asked["query"]
    words = set(re.split(r"\W+", query))
    stems = {word.lower() for word in words if len(word) >= LEAST}
    named = {path for path in files if Path(path).stem.lower() in stems}
    map_ = RepoMap(root=root, io=InputOutput(yes=True, pretty=False))
    tags = map_.get_ranked_tags([], [str(Path(root, path)) for path in files], named, words)
    order = dict.fromkeys(tag[0] for tag in tags)
    sys.stdout.write("\n" + json.dumps(list(order)[:50]))


if __name__ == "__main__":
    main()
