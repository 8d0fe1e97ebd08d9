export const first = new Date("2024-03-01"); // a day alone is UTC
