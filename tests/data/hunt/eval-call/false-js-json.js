export const parse = (text) => JSON.parse(text); // never eval(text)
