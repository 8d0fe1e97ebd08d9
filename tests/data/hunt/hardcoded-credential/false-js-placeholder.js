module.exports = { password: "changeme123", apiKey: "your-api-key-1", secret: "<secret-2>" };
