export const bearer = (token) => ({ authorization: `Bearer ${token}`, password: `${token}1` });
