export const when = (row: Row) => new Date(`${row.date} ${row.time}`); // HIT
