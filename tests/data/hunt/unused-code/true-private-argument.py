def _label(text_of_label, width_never_read):  # HIT
    return text_of_label.upper()


def label(text):
    return _label(text, 12)
