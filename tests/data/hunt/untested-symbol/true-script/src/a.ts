export function alpha(x: number): number {
  return x + 1;
}

export function convert(values: number[]): string[] { // HIT
  const found: string[] = []; // YOUNG
  for (const value of values) { // YOUNG
    found.push(String(value));
  }
  return found;
}
