import fs from "node:fs/promises";
export async function head(path: string) {
  const handle = await fs.open(path); // HIT
  const { buffer } = await handle.read(Buffer.alloc(512), 0, 512, 0);
  return buffer;
}
