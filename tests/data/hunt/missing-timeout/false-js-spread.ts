import { env } from "node:process";
const defaults = { signal: AbortSignal.timeout(1000) };
export const get = (url: string) => fetch(url, { ...defaults, headers: { key: env.KEY ?? "" } });
