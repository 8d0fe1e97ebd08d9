export const one = (db: Pool, id: number) => db.query(`SELECT name FROM users WHERE id = ${id}`);
