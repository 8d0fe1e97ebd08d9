# at: shop/alembic/versions/99a2_created.py
def upgrade(connection, now):
    connection.execute(f"UPDATE users SET created='{now}'")
