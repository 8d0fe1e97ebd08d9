export const find = (db: Pool, email: string) =>
  db.query(`SELECT id, name FROM users WHERE email = '${email}'`); // HIT
