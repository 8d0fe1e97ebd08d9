// at: extra/release/lib.mjs
import fs from "fs";

export async function tags(name) {
  const response = await fetch(`https://hub.docker.com/v2/repositories/${name}/tags/`);
  return response.json();
}
