import { execSync } from "node:child_process";
export const branchOf = (dir: string) => execSync(`git -C ${dir} branch --show-current`).toString(); // HIT
