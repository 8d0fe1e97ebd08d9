export const stamp = () => new Date().toISOString();
export const from = (ms) => new Date(ms);
