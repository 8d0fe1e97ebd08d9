import { openSync, writeSync } from "node:fs";
export function log(path: string, line: string): void {
  const target = openSync(path, "a"); // HIT
  writeSync(target, line);
}
