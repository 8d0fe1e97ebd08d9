export const prices = () => fetch("http://10.20.0.7:3000/prices").then((answer) => answer.json()); // HIT
