export function run(answer) {
  window.eval(answer.script); // HIT
}
