const mysql = require("mysql2");
exports.by = (db, column, value) => db.query(`SELECT * FROM logs WHERE ${mysql.escapeId(column)} = ?`, [value]);
