export const text = { password: "Your password (8 or more)", secret: "Secret question 2" };
