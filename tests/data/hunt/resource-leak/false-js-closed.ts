import { closeSync, openSync } from "node:fs";
export function touch(path: string): void {
  const target = openSync(path, "a");
  closeSync(target);
}
