const apiKey = "9f8c2b7e41d05a63"; // HIT
module.exports = (client) => client.login(apiKey);
