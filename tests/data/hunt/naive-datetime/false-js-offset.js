module.exports = Date.parse("2024-03-01T09:00:00+02:00");
