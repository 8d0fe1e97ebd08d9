import { homedir } from "node:os";
export const cache = `${homedir()}/.cache/shop`;
