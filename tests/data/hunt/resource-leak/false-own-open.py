def open(door):
    return door.state


def read(door):
    return open(door).read()
