export function area(shape) {
  const started = Date.now(); // HIT
  return shape.width * shape.height;
}
