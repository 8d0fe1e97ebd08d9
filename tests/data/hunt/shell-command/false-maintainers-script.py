# at: scripts/publish.py
import os


def sign(archive):
    os.system(f"gpg --armor --detach-sign {archive}")
