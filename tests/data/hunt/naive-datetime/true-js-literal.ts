export const launch = new Date("2024-03-01 09:00"); // HIT
