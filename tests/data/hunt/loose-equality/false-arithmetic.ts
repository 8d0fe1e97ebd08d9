export function isEven(found: string[]): boolean {
  return (found[0].length % 2) == 0;
}
