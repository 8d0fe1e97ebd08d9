export const database = { host: "db", user: "shop", password: "vR7!kq92Lm" }; // HIT
