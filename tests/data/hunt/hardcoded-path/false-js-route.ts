export const routes = ["/home/", "/home/settings", "/users/me/home"];
