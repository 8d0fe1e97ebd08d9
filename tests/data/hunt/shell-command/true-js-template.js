const { exec } = require("child_process");
function thumbnail(file) {
  exec(`convert ${file} -resize 100x100 thumb.png`); // HIT
}
