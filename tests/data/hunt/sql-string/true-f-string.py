def user(cursor, name):
    cursor.execute(f"SELECT * FROM users WHERE name = '{name}'")  # HIT
    return cursor.fetchone()
