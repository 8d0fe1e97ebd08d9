export const find = (db: Pool, email: string) => db.query("SELECT id FROM users WHERE email = $1", [email]);
