import { spawn } from "child_process";
export function restart(server: Server, locale: LanguageCode) {
  return spawn(`${server.bin} ${locale}`, { shell: true });
}
