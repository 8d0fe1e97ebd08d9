import shlex
import subprocess


def remote(words):
    line = " ".join(shlex.quote(word) for word in words)
    subprocess.run("nice " + line, shell=True, check=True)
