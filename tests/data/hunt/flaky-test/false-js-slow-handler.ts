// at: test/slow.test.ts
test("times out", async () => {
  server.get("/slow", async () => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    return "late";
  });
  await expect(server.call("/slow")).rejects.toThrow("timeout");
});
