const fs = require("fs");
function stamp(path) {
  const file = fs.openSync(path, "w"); // HIT
  fs.writeSync(file, String(Date.now()));
}
module.exports = { stamp };
