export async function clean(R, ids, page) {
  const slots = ids.map(() => "?").join(",");
  await R.exec(`DELETE FROM box WHERE id NOT IN (${slots}) AND page_id = ?`, [...ids, page]);
}
