import { exec as run } from "child_process";
import { promisify } from "util";
const execAsync = promisify(run);
export async function clone(url: string) {
  await execAsync(`git clone ${url} work`); // HIT
}
