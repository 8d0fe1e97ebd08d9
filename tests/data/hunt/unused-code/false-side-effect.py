import readline


def ask():
    return input("> ")
