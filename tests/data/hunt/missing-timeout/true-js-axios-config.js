const axios = require("axios");
exports.create = (order) =>
  axios.post("https://api.example.com/orders", order, { headers: { accept: "application/json" } }); // HIT
