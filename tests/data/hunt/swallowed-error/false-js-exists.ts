export async function exists(path: string): Promise<boolean | null> {
  try {
    return (await fs.stat(path)).isFile();
  } catch {
    return null;
  }
}
