export const deadline = new Date("March 5, 2025 18:00"); // HIT
