export const larger = (a: number, b: number) => a >= b || a <= -b;
