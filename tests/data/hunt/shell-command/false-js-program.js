const childProcess = require("child_process");
exports.version = (executablePath) => childProcess.execSync(executablePath + " --version").toString();
