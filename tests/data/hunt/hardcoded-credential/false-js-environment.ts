export const password = process.env.DB_PASSWORD;
export const token = import.meta.env.VITE_TOKEN;
