const TABLE = "events";
export const latest = (db: Sqlite) => db.prepare(`SELECT * FROM ${TABLE} ORDER BY at DESC LIMIT 1`).get();
