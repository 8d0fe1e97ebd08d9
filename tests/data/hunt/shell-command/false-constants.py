import subprocess

IMAGE = "shop:latest"


def build():
    subprocess.run(f"docker build -t {IMAGE} . | tee build.log", shell=True, check=True)
