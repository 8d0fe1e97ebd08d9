export const live = () => new WebSocket("ws://192.168.0.12:9001/live"); // HIT
