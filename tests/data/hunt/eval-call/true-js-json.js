export const parse = (text) => eval("(" + text + ")"); // HIT
