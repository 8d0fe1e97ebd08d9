export async function vacuum(db: Database, exec: (sql: string) => Promise<void>, table: string) {
  await exec(`VACUUM ${table}`);
}
