const { exec } = require("child_process");
module.exports = (app) => {
  app.post("/convert", (req, res) => {
    const file = req.body.file;
    exec(`convert ${file} out.png`, () => res.end()); // HIT
  });
};
