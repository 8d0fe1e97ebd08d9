import os
import shutil  # HIT


def here():
    return os.getcwd()
