def orders(cursor, status):
    where = f"status = '{status}'"
    cursor.execute("SELECT id FROM orders WHERE " + where)  # HIT
