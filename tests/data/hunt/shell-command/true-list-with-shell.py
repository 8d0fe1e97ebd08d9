import subprocess


def status():
    return subprocess.run(["git", "status"], shell=True)  # HIT
