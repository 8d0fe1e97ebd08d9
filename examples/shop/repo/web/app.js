"use strict";

const euros = (cents) => (cents / 100).toFixed(2) + " EUR";

async function call(method, path, data) {
  const answer = await fetch(path, { method, body: data && JSON.stringify(data) });
  const value = await answer.json();
  document.getElementById("message").textContent = answer.ok ? "" : value.error;
  return answer.ok ? value : null;
}

function show(cart) {
  if (!cart) return;
  document.getElementById("lines").replaceChildren(
    ...cart.lines.map((line) => item(`${line.count} x ${line.id}`)));
  for (const name of ["subtotal", "shipping", "total"]) {
    document.getElementById(name).textContent = euros(cart[name]);
  }
}

function item(text) {
  const element = document.createElement("li");
  element.textContent = text;
  return element;
}

async function start() {
  const products = await call("GET", "/api/products");
  document.getElementById("products").replaceChildren(...products.map((product) => {
    const element = item(`${product.name}, ${euros(product.price)} `);
    const button = document.createElement("button");
    button.textContent = "Add";
    button.onclick = async () => show(await call("POST", "/api/cart", { id: product.id }));
    element.append(button);
    return element;
  }));
  show(await call("GET", "/api/cart"));
}

start();
