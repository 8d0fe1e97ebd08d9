exports.remove = (connection, id) => {
  connection.query("DELETE FROM sessions WHERE id = " + id); // HIT
};
