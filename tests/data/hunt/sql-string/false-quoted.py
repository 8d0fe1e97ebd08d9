def cache(connection, quote_literal, name):
    connection.execute(f"SELECT name FROM tables WHERE name = {quote_literal(name)}")
