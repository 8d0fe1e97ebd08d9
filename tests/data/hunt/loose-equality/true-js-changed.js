export const changed = (before, after) => before != after; // HIT
