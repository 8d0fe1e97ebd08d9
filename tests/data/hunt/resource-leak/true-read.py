import json


def settings(path):
    return json.loads(open(path).read())  # HIT
