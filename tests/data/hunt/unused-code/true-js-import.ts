import { readFile, writeFile } from "node:fs/promises"; // HIT
export const load = (path: string) => readFile(path, "utf8");
