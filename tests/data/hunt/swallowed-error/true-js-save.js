class Store {
  save(items) {
    try {
      for (const item of items) this.write(item);
    } catch (err) {} // HIT
  }
}
