export const Badge = ({ count }: { count: number }) => <b>{count == 1 ? "item" : "items"}</b>; // HIT
