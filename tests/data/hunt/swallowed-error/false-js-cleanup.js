export function removeTemp(fs, path) {
  try {
    fs.unlinkSync(path);
  } catch (e) {}
}
