def log_file(path):
    file = open(path, "a")
    file.write("start")
    return file
