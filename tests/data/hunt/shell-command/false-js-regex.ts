const pattern = /v(\d+)/;
export const major = (tag: string, prefix: string) => pattern.exec(`${prefix}${tag}`)?.[1];
