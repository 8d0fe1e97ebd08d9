// at: test/speed.test.ts
it("is quick", () => {
  const started = Date.now();
  index(documents);
  expect(Date.now() - started).toBeLessThan(50); // HIT
});
