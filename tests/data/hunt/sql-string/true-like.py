def search(db, term):
    return db.raw(f"""SELECT id, title  # HIT
        FROM books
        WHERE title LIKE '%{term}%'""")
