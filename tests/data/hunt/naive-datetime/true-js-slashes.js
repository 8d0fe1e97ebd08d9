const epoch = new Date("2020/01/01"); // HIT
module.exports = epoch;
