import subprocess


def _unpacked(archive):
    subprocess.check_call(f"tar xf {archive}", shell=True)  # HIT


def fetched(folder, name):
    _unpacked(folder + "/" + name)
