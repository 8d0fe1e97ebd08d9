def names(cursor):
    cursor.execute("SELECT owner FROM shops")
    for owner in cursor.fetchall():
        cursor.execute(f"SELECT name FROM people WHERE ident = {owner}")
        yield cursor.fetchone()
