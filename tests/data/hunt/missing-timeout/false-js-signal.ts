import { hostname } from "node:os";
export const ping = (url: string) => fetch(url, { signal: AbortSignal.timeout(2000), headers: { host: hostname() } });
