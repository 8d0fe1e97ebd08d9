import subprocess as sp


def lines(path):
    return sp.check_output("wc -l %s" % path, shell=True)  # HIT
