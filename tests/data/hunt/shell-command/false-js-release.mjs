// at: releases/strings/merge.mjs
import { execSync } from "node:child_process";
const before = (ref, path) => execSync(`git show ${ref}:${path}`, { encoding: "utf8" });
console.log(before("HEAD", "en.json"));
