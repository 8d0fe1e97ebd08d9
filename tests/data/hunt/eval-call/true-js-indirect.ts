export const load = (code: string) => (0, eval)(code); // HIT
