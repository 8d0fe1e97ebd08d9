exports.show = async (req, res) => {
  const { id } = req.params;
  res.send(await db.query("SELECT * FROM orders WHERE id = " + id)); // HIT
};
