export const isOver = (now) => now > Date.parse("2025-12-31T23:59:59"); // HIT
