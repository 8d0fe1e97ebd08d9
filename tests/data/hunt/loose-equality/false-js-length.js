export const isEmpty = (list) => list.length == 0;
