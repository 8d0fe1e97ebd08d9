def first(rows):
    try:
        return rows[0]
    except:  # pylint: disable=bare-except
        return None
