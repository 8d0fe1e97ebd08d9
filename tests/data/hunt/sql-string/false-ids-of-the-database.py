def clean(cursor, rows, role):
    ids = ",".join(map(str, rows))
    cursor.execute(f"DELETE FROM events WHERE job_id IN ({ids})")
    cursor.execute(f"UPDATE roles SET object_id = NULL WHERE id = {role.use_role_id}")
