const fs = require("fs");
async function size(path) {
  const handle = await fs.promises.open(path, "r"); // HIT
  return (await handle.stat()).size;
}
module.exports = size;
