export const session = { secret: "k3yb0ardC4t!2" }; // HIT
