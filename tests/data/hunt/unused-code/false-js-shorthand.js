export function make(name) {
  const created = new Date();
  const items = [];
  return { name, created, items };
}
