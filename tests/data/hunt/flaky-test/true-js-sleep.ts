// at: test/sleep.test.ts
it("expires", async () => {
  cache.set("a", 1, { ttl: 50 });
  await new Promise((resolve) => setTimeout(resolve, 100)); // HIT
  expect(cache.get("a")).toBeUndefined();
});
