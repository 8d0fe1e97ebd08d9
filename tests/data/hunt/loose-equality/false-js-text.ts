export const rule = "use === where a == b was meant";
// a == b
