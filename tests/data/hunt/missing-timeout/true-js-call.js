const axios = require("axios");
module.exports = (url) => axios({ method: "get", url: url, responseType: "stream" }); // HIT
