export async function page(browser, url) {
  const tab = await browser.open(url);
  return tab.title();
}
