const { version } = require("../package.json");
exports.mark = (db) => db.exec(`UPDATE meta SET version = '${version}'`);
