const { exec } = require("child_process");
module.exports = (fix) => exec(`eslint ${fix ? "--fix" : "--quiet"} src`);
