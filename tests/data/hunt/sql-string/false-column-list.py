COLUMNS = ("id", "name")


def rows(cursor, ident):
    cursor.execute("SELECT " + ", ".join(COLUMNS) + " FROM users WHERE id = ?", (ident,))
