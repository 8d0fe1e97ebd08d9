export const headers = { "api-key": "4b1f9a77c0de82aa913f" }; // HIT
