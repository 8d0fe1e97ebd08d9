def load(path, parse, problem):
    try:
        text = path.read_text()
        data = parse(text)
        return data
    except Exception:
        raise problem(path)
