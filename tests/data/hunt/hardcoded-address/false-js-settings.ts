// at: src/config/development.ts
export default { api: "http://10.20.0.7:3000", port: 3000 };
