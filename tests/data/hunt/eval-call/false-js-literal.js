export const global = eval("this");
export const root = new Function("return this")();
