import * as child_process from "node:child_process";
export function zip(folder, target) {
  child_process.execSync(`zip -r "${target}" "${folder}"`); // HIT
}
