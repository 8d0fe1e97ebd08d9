import { spawn } from "child_process";
export function start(name: string) {
  return spawn(`docker start ${name}`, { shell: true, stdio: "inherit" }); // HIT
}
