export async function poll(read: () => boolean) {
  while (!read()) await new Promise((resolve) => setTimeout(resolve, 250));
}
