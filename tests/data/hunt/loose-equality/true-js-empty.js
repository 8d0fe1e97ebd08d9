export const given = (value) => value != ""; // HIT
