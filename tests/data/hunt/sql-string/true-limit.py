def page(cursor, request):
    cursor.execute("SELECT id FROM users LIMIT " + request.args["limit"])  # HIT
