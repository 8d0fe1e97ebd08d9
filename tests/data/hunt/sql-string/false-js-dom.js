export const row = (root, id) => root.query(`tr[data-id="${id}"]`) ?? root.query(`select from list ${id}`);
