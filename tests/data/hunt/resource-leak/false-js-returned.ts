import fs from "node:fs";
export function lock(path: string): number {
  const descriptor = fs.openSync(path, "wx");
  return descriptor;
}
