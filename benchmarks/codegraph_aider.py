"""One measurement of aider's repository map: prints JSON. Run by the Python of aider's own environment.

    python codegraph_aider.py REPO CACHE-IS-KEPT [ISSUE ...]

`RepoMap` as aider sets it up for a model with a large window and 4,096 tokens of map, over all files that git lists.
Tokens are counted as a quarter of the characters: a real tokenizer would only add to its time. Imports are not counted.
"""

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path


class Model:
    def token_count(self, text):
        return len(text) // 4


class Quiet:
    def __getattr__(self, name):
        return lambda *args, **kwargs: None

    def read_text(self, path, silent=False):
        return Path(path).read_text(encoding="utf-8", errors="replace")


def measured(repo, kept, issues):
    from aider.repomap import RepoMap

    if not kept:
        for cache in repo.glob(".aider.tags.cache*"):
            shutil.rmtree(cache)
    listed = subprocess.run(["git", "-C", repo, "ls-files", "-z"], capture_output=True, check=True).stdout
    files = [str(repo / name.decode()) for name in listed.split(b"\0") if name]
    map_of = RepoMap(map_tokens=4096, root=str(repo), main_model=Model(), io=Quiet(), max_context_window=128_000)
    times = []
    for issue in issues:
        words = set(re.findall(r"\w+", issue))
        start = time.perf_counter()
        text = map_of.get_repo_map([], files, mentioned_idents=words, force_refresh=True)
        times.append(time.perf_counter() - start)
        assert text, "an empty map"
    return {"first": times[0], "queries": times[1:], "files": len(files)}


if __name__ == "__main__":
    print(json.dumps(measured(Path(sys.argv[1]), sys.argv[2] == "yes", sys.argv[3:])))
