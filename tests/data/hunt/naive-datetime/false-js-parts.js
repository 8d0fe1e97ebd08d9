export const monday = new Date(2024, 0, 1);
export const utc = new Date(Date.UTC(2024, 0, 1, 9));
