export function restore(reader, key) {
  try {
    const saved = localStorage.getItem(key);
    if (saved) {
      try {
        reader.display(JSON.parse(saved));
      } catch (e) {
        reader.display();
      }
    }
  } catch (e) {}
}
