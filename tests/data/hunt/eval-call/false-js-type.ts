export type Handler = (event: Event) => Function;
export const make = (handler: Function) => handler.call(null);
