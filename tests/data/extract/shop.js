import React, { useState as state, useMemo } from 'react';
import * as api from "./api";
import './style.css';
export { total as sum } from './sum';
export * from './all';
const fs = require('fs');
const lazy = () => import('./lazy');

/**
 * A cart.
 * @param {string} id
 */
export default class Cart extends api.Base {
  #secret = 1;
  static limit = 10;
  onClick = (event) => this.add(event);

  constructor(id) {
    super(id);
    this.save = function () { return $.post(id); };
  }

  // Adds a line.
  async add(line, { quantity = 1 } = {}) {
    const local = new Line(line);
    return local.check?.();
  }

  get total() { return 0; }
}

export const RATE = 0.2, vat = { base: 1, apply(x) { return x; }, of: (y) => y };
let count = 0;
export function* walk(items) { yield* items; }
const render = async function inner(a, b) {
  function helper() {}
  return helper();
};
Cart.prototype.clear = function () {};
module.exports.open = (path) => fs.open(path);
function View() { return <List.Item key={1}><Row /></List.Item>; }
