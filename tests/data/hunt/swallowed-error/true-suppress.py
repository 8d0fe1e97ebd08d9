import contextlib


def save(state, path):
    with contextlib.suppress(Exception):  # HIT
        path.write_text(state.dump())
