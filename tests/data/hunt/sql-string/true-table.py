def rows(cursor, request):
    cursor.execute("SELECT * FROM " + request.args["table"])  # HIT
