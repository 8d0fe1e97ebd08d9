// at: test/wait.test.ts
it("shows the row", async () => {
  await waitFor(() => expect(screen.getByText("Ada")).toBeVisible(), { timeout: 2000 });
});
