def lines(path):
    file = open(path)
    with file:
        return file.readlines()
