def words(path):
    for line in open(path):  # HIT
        yield from line.split()
