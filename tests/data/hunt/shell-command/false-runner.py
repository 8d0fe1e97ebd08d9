import subprocess
import tempfile


def run(cmd, log=None):
    """Runs what its caller wrote as a command."""
    target = tempfile.mktemp()
    command = "{} > {}".format(cmd, target)
    return subprocess.Popen(command, shell=True, stderr=log)
