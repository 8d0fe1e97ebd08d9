export const later = (done: () => void) => setTimeout(done, 100);
