export function hashOf(text: string): string {
  let hash = text;
  try {
    hash = decode(text);
  } catch (e) {}
  return hash;
}
