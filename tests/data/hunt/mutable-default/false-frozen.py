from types import MappingProxyType


def settings(given=MappingProxyType({})):
    return {**given, "debug": False}
