export const isText = (value) => typeof value == "string";
