import { execSync } from "child_process";
import { quote } from "shell-quote";
export const list = (dir: string) => execSync(`ls ${quote([dir])}`);
