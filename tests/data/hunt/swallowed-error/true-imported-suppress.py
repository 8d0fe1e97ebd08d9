from contextlib import suppress


def migrate(table):
    with suppress(BaseException):  # HIT
        table.add_column("owner")
