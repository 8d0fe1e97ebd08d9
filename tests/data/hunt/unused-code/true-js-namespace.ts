import * as path from "node:path"; // HIT
export function name(file: string) {
  return file.split("/").pop();
}
