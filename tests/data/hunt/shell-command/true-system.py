import os


def convert(name):
    os.system("convert " + name + " out.png")  # HIT
