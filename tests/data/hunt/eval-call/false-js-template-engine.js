// Compiles a template to a function once.
export const compile = (template) => new Function("data", generate(template));
