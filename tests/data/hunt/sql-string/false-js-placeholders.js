exports.many = (db, ids) => {
  const placeholders = ids.map(() => "?").join(", ");
  return db.query(`SELECT * FROM items WHERE id IN (${placeholders})`, ids);
};
