module.exports = { root: "/home/node/app", cache: "/home/runner/.cache/x" };
