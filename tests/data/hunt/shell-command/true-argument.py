import subprocess


def hook(command):
    subprocess.run(command, shell=True, check=False)  # HIT
