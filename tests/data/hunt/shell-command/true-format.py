from subprocess import Popen


def serve(port, root):
    command = "python -m http.server {} --directory {}".format(port, root)
    return Popen(command, shell=True)  # HIT
