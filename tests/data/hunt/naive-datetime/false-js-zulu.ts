export const launch = new Date("2024-03-01T09:00:00Z");
