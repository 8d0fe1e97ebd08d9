import subprocess


def run(command):
    subprocess.run(f"{command}", shell=False, check=True)
