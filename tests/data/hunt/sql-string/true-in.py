def some(cursor, names):
    cursor.execute("SELECT id FROM users WHERE name IN (%s)" % ",".join(names))  # HIT
