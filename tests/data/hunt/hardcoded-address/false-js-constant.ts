const API_URL = "http://10.20.0.7:3000";
export const prices = () => fetch(`${API_URL}/prices`);
