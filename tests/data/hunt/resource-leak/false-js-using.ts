import fs from "node:fs/promises";
export async function size(path: string) {
  await using handle = await fs.open(path);
  return (await handle.stat()).size;
}
