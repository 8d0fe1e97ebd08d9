def _count(cursor, state):
    cursor.execute(f"SELECT count(*) FROM jobs WHERE state = '{state}'")
    return cursor.fetchone()


def totals(cursor):
    return _count(cursor, "open"), _count(cursor, state="done")
