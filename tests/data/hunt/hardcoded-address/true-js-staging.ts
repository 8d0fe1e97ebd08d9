export const me = () => fetch("https://api-staging.shop.io/me"); // HIT
