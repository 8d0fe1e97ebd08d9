export const count = (db: Database, table: string) => db.exec(`SELECT COUNT(*) FROM orders WHERE "${table}" > 0`);
