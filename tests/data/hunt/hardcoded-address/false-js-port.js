const port = Number(process.env.PORT || 3000);
require("./app").listen(port);
require("./other").listen(0);
