async def is_empty(cursor, table):
    await cursor.execute(f"SELECT count(*) FROM '{table.value}' LIMIT 1")
