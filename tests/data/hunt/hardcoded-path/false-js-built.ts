export const homeOf = (user: string) => `/home/${user}/shop`;
