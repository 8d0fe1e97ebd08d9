from shop.clock import stamp


def touched(connection, table):
    now = stamp()
    connection.execute(f"UPDATE {table} SET seen = '{now}'")
