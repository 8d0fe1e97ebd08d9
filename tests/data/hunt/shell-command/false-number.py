import os


def kill(pid):
    os.system("kill -9 %d" % pid)
