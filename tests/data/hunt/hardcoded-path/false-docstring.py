def load(path):
    """Reads `/home/mkowalski/data.csv` and the like."""
    return path.read_text()
