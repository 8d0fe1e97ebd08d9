import axios from "axios";
export const rates = (url: string) => axios.get(url, { timeout: 5000 });
