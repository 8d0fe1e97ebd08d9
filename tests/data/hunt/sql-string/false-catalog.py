def exists(cursor, name, label):
    cursor.execute(f"SELECT 1 FROM information_schema.tables WHERE table_name = '{name}_{label}'")
    return cursor.fetchone()
