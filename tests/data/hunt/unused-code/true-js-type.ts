import type { Order } from "./order"; // HIT
export const total = (prices: number[]) => prices.reduce((a, b) => a + b, 0);
