const { execSync } = require("child_process");
const MAIN_BRANCH = "main";
execSync(`git checkout ${MAIN_BRANCH} --force`);
execSync(`npm run build ${process.env.CI ? "--silent" : "--verbose"}`.trim() && "npm test");
