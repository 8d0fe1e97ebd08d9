import subprocess


def archive(folder):
    subprocess.run(["tar", "czf", "out.tgz", folder], check=True)
