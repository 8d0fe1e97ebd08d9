import subprocess


def start(command, path):
    out = open(path, "wb")
    return subprocess.Popen(command, stdout=out)
