def copy(source, target):
    out = open(target, "w")
    try:
        out.write(source.text)
    finally:
        out.close()
