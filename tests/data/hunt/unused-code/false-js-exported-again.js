import { build } from "./build.js";
import fallback from "./fallback.js";
export { build, fallback as other };
