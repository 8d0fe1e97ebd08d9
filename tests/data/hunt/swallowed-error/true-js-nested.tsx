export function Panel({ load }: { load: () => void }) {
  const onClick = () => {
    try {
      load();
      track("panel.loaded");
    } catch (error) { // HIT
    }
  };
  return <button onClick={onClick}>Load</button>;
}
