# TODO(anna): take the list from the settings  # HIT
KINDS = ("a", "b")
