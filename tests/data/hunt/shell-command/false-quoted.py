import shlex
import subprocess


def archive(folder):
    subprocess.run(f"tar cz {shlex.quote(folder)} | wc -c", shell=True, check=True)
