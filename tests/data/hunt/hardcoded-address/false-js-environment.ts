export const base = process.env.API ?? "http://10.20.0.7:3000";
