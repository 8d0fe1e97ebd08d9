// at: test/now.test.ts
it("keeps the date", () => {
  const now = Date.now();
  expect(new Stamp(now).value).toBe(now);
});
