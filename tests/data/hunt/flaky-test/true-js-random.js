// at: test/random.test.js
it("sorts", () => {
  const items = Math.random() > 0.5 ? [1, 2] : [2, 1]; // HIT
  expect(sorted(items)).toEqual([1, 2]);
});
