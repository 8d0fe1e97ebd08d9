const { execFile, spawn } = require("node:child_process");
exports.blame = (file) => execFile("git", ["blame", "--", file]);
exports.show = (ref) => spawn("git", ["show", `${ref}:README.md`]);
