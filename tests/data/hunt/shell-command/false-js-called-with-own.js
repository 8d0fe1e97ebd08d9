const { execSync } = require("child_process");
function commandOf(ident) {
  return execSync(`ps -o command -p ${ident} | sed -n 2p`).toString();
}
function onPort(port) {
  const ident = listening(port);
  return commandOf(ident);
}
module.exports = onPort;
