const axios = require("axios");
module.exports = (url, options) => axios.get(url, options);
