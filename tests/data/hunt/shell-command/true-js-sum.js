const cp = require("child_process");
exports.ping = (host, done) => cp.exec("ping -c 1 " + host, done); // HIT
