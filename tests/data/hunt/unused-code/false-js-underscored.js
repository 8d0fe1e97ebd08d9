export function rest(input) {
  const { secret: _secret, ...others } = input;
  const _kept = input;
  return others;
}
