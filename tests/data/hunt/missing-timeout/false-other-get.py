import registry as requests


def value(session, key):
    return session.get(key) or requests.get(key)
