import importlib.resources


def templates(name):
    import importlib

    importlib.import_module(name)
    return str(importlib.resources.files(name))
