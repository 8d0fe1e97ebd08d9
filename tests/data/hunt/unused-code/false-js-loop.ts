export function count(map: Map<string, number>) {
  let found = 0;
  for (const each of map) {
    found += 1;
  }
  return found;
}
