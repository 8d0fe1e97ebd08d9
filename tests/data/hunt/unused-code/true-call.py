def upgrade(connection_to_ask):
    cursor = connection_to_ask.cursor()  # HIT
