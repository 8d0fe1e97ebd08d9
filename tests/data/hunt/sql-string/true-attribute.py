def removed(cursor, reference):
    cursor.execute(f"DELETE FROM recipes WHERE revision = '{reference.revision}'")  # HIT
