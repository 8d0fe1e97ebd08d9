from contextlib import ExitStack


def joined(paths):
    with ExitStack() as stack:
        files = [stack.enter_context(open(path)) for path in paths]
        return [file.read() for file in files]
