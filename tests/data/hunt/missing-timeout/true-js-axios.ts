import axios from "axios";
export const rates = () => axios.get("https://rates.example.com/latest"); // HIT
