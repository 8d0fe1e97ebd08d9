def some(cursor, idents):
    marks = ", ".join("?" for _ in idents)
    cursor.execute(f"SELECT * FROM users WHERE id IN ({marks})", idents)
