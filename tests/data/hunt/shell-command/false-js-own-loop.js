const { execSync } = require("child_process");
const icons = new Map(require("./icons.json"));

for (const [ icon ] of icons) {
  execSync(`grep -rn "${icon}" src`);
}
for (const name of icons.keys()) {
  execSync(`grep -rn "${name}" lib`);
}
