export function total(items: number[]): number {
  return items.reduce(add, 0);
}

function add(a: number, b: number): number {
  return a + b;
}

function roundedToCents(value: number): number { // HIT
  return Math.round(value * 100) / 100;
}
