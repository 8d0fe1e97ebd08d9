export const isFirst = (index) => index == 0; // HIT
