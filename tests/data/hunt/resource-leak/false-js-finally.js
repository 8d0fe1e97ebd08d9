const fs = require("fs/promises");
exports.head = async (path) => {
  const handle = await fs.open(path);
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
};
