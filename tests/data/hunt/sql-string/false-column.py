def migrated(tx, column, table):
    return tx.query(
        f"""
        SELECT id, {column}
        FROM {table}
        WHERE {column} IS NOT NULL AND {column} != ''
        """
    )
