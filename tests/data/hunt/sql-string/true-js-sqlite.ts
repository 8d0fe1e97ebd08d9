export function search(db: Sqlite, term: string) {
  return db.prepare(`SELECT * FROM notes WHERE body LIKE '%${term}%'`).all(); // HIT
}
