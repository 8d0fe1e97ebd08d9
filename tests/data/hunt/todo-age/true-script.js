// TODO: show a spinner  // HIT
export function load(view) {
  return view.fetch(); /* FIXME wrong on slow lines */ // HIT
}
