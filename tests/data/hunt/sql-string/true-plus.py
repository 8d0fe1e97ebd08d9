def remove(cursor, ident):
    cursor.execute("DELETE FROM orders WHERE id = " + ident)  # HIT
