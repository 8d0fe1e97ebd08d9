import subprocess


def remote(host, word):
    return subprocess.run(["sh", "-c", f"grep {word} /var/log/{host}"], check=False)  # HIT
