export async function restore(reader, saved) {
  if (saved) {
    try {
      await reader.display(saved.place);
      reader.count = saved.count;
    } catch (e) {} // HIT
  }
}
