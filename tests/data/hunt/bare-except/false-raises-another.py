def load(path, error):
    try:
        return path.read_bytes()
    except:
        raise error(path)
