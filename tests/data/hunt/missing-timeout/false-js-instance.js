const axios = require("axios");
const http = axios.create({ baseURL: "https://api.example.com", timeout: 3000 });
module.exports = (path) => http.get(path);
