export const isNotANumber = (value) => value != value;
