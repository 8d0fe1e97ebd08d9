export function Save({ id }: { id: string }) {
  const save = () => fetch(`/api/notes/${id}`, { method: "PUT", body: document.title });
  return <button onClick={save}>Save</button>;
}
