export const given = (value) => value != null;
export const missing = (value) => value == undefined;
