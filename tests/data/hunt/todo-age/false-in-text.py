WORDS = ["# TODO: not a comment", "FIXME"]


def todo(list_of_todos):
    """Every TODO of the list: a word of the domain."""
    return [each for each in list_of_todos if each != "# TODO"]
