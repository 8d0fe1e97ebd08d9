import os


def branch(repo):
    return os.popen(f"git -C {repo} branch").read()  # HIT
