export function applyDiscount(cart, code) {
  try {
    cart.total -= lookUp(code).amount;
    cart.notify();
  } catch (e) {} // HIT
}
