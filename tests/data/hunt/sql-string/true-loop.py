def rename(cursor, names):
    for name in names:
        cursor.execute("INSERT INTO names (name) VALUES ('%s')" % name.strip())  # HIT
