export function publicThing(): number {
  return 1;
}

export default class Whole {}
