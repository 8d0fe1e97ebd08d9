def add(cursor, title):
    query = "INSERT INTO books (title) VALUES ('{}')".format(title)  # HIT
    cursor.execute(query)
