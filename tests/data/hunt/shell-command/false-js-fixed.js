const { execSync } = require("child_process");
module.exports = () => execSync("git rev-parse HEAD").toString().trim();
