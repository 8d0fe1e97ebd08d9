// at: test/turn.test.js
it("settles", async () => {
  start();
  await new Promise((resolve) => setTimeout(resolve, 0));
  await new Promise((resolve) => setTimeout(resolve, 1));
  expect(done).toBe(true);
});
