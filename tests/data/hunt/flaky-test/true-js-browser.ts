// at: test/page.spec.ts
test("opens the menu", async ({ page }) => {
  await page.click("#menu");
  await page.waitForTimeout(1000); // HIT
  await expect(page.locator("nav")).toBeVisible();
});
