const axios = require("axios");
exports.users = (id) =>
  axios.get(`http://users-service:4000/users/${id}`); // HIT
