export function parse(words: string[]) {
  let index = words.length; // HIT
  return words.map((word) => word.trim());
}
