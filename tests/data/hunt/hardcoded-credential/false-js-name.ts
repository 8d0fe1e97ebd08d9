export const keys = { password: "user.password", accessToken: "access_token", secret: "/run/secrets/db1" };
