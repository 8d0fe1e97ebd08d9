def rename(cursor, ident, name):
    cursor.execute("UPDATE users SET name = '%s' WHERE id = 1" % name)  # HIT
    return ident
