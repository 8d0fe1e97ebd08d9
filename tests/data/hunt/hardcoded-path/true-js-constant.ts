export const KEYS = "/home/wei/keys/shop.pem"; // HIT
