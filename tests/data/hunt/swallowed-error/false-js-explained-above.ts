export function equals(a: unknown, b: unknown): boolean {
  // reading a foreign window's properties may be forbidden
  try {
    if (unwrap(a) !== unwrap(b)) warn("mismatch");
  } catch {}
  return a === b;
}
