def store(cursor, names, values):
    marks = "({})".format(",".join(["%s" for each in names]))
    cursor.execute("INSERT INTO {} VALUES {}".format("shops", marks), values)


def of(feed_column):
    return f"SELECT key FROM feed_tags WHERE feed = {feed_column}"
