TABLE = "users"


def count(cursor, schema):
    cursor.execute(f"SELECT COUNT(*) FROM {schema}.{TABLE} WHERE active = 1")
