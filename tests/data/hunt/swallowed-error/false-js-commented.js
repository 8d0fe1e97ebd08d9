export function warm(cache) {
  try {
    cache.fill();
  } catch (e) {
    // a cold cache is slower, nothing else
  }
}
