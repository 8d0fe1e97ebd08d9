def columns(model):
    return f"""
        SELECT '{model._table}' AS table_name, name
        FROM pragma_table_info('{model._table}')
    """
