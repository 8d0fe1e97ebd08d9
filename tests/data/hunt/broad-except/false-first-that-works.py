def reader_for(path, readers):
    for reader in readers:
        try:
            opened = reader(path)
            opened.check()
            return opened
        except Exception:
            found = None
    return found
