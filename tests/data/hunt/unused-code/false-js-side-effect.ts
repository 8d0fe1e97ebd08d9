import "./polyfills";
import { start } from "./main";
start();
