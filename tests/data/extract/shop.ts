import type { A, B as C } from './a';
import x = require('y');
export type { D } from './d';

/** What can be priced. */
export interface Priced<T> extends Named, q.Sized<T> {
  price: number;
  cost(rate: Rate): Money;
}

export enum Color { Red = 1, Green }
export type Pair<T> = [T, T] | null;
namespace Shop.Inner {
  export const limit = 1;
  export function open(): void {}
}
declare module "legacy" {
  function old(a: string): void;
}
declare const VERSION: string;

@Component({ selector: 'cart' })
export abstract class Cart<T> extends Base<T> implements Priced<T>, n.Other {
  private lines: Line[] = [];
  constructor(private readonly owner: User) { super(); }
  abstract check(): boolean;
  handle = (event: Event): void => { this.emit(event); };
  total(this: Cart<T>, rate?: number): number {
    return this.lines.map<number>((l) => l.price).length;
  }
}
export function over(a: string): void;
export function over(a: any) { return new Map<string, A>(); }
export const make: Maker = async (id: string) => build(id);
