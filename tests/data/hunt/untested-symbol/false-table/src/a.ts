export function alpha(x: number): number {
  return table[0](x) + 1;
}

export function doubled(x: number): number {
  const y = x; // YOUNG
  const z = y; // YOUNG
  const w = z; // YOUNG
  return w * 2;
}

const table = [doubled];
