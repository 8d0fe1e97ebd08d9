def page(cursor, number):
    cursor.execute(f"SELECT id FROM users LIMIT {int(number)} OFFSET {int(number) * 10}")
