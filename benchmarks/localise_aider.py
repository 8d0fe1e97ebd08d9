"""The order of aider's repository map, asked by `localise.py`; runs by an interpreter that has aider 0.86, not by ours.

Reads JSON from its input: a list of {root, files, query}. Writes a list of lists: the files in the map's order.
"""

import json
import re
import sys
from pathlib import Path

LEAST = 5  # letters of a word that may mean a file's name: aider's own rule


def main() -> None:
    from aider.io import InputOutput  # type: ignore[import-not-found]
    from aider.repomap import RepoMap  # type: ignore[import-not-found]

    found = []
    for asked in json.load(sys.stdin):
        root, files = asked["root"], asked["files"]
        words = set(re.split(r"\W+", asked["query"]))
        stems = {word.lower() for word in words if len(word) >= LEAST}
        named = {path for path in files if Path(path).stem.lower() in stems}
        map_ = RepoMap(root=root, io=InputOutput(yes=True, pretty=False))
        tags = map_.get_ranked_tags([], [str(Path(root, path)) for path in files], named, words)
        found.append(list(dict.fromkeys(tag[0] for tag in tags))[:50])
    sys.stdout.write("\n" + json.dumps(found))


if __name__ == "__main__":
    main()
