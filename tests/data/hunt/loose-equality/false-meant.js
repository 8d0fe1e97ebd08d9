export function isLogged(id) {
  // eslint-disable-next-line eqeqeq
  return process.env.LOGGED_ID == id;
}
