def title(text):
    return text.title()


def _old_title(text):  # HIT
    return text[0].upper() + text[1:]
