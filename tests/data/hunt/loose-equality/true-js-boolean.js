export const allowed = (user) => user.admin == true; // HIT
