// at: test/fake.test.ts
vi.useFakeTimers();
it("expires", async () => {
  const waiting = new Promise((resolve) => setTimeout(resolve, 1000));
  await vi.advanceTimersByTimeAsync(1000);
  await waiting;
});
