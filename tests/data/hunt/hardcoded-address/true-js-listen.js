const express = require("express");
const app = express();
app.listen(4711, () => console.log("up")); // HIT
