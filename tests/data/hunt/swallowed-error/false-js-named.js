export function tick(clock) {
  try {
    clock.advance();
    clock.draw();
  } catch (_ignored) {}
}
