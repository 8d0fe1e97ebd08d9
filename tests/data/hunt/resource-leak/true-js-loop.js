import { promises } from "fs";
export async function firstBytes(paths) {
  const found = [];
  for (const path of paths) {
    const handle = await promises.open(path); // HIT
    found.push((await handle.read({ length: 4 })).buffer);
  }
  return found;
}
