import contextlib


def forget(path):
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
