const shared = require("/home/sofia/work/shared/index.js"); // HIT
module.exports = shared;
