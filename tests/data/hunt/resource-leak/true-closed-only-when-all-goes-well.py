def copy(source, target):
    out = open(target, "w")  # HIT
    out.write(source.render())
    out.close()
