export function hasSharp(): boolean {
  try {
    require.resolve("sharp");
    return true;
  } catch {}
  return false;
}
