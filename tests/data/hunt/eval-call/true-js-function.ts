export const predicate = (source: string) => new Function("row", `return ${source}`); // HIT
