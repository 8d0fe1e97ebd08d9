import lodash from "lodash"; // HIT
export const sum = (a, b) => a + b;
