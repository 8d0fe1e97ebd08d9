import subprocess


def archive(folder):
    subprocess.run(f"tar czf out.tgz {folder}", shell=True, check=True)  # HIT
