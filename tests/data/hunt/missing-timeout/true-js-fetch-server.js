import { readFileSync } from "node:fs";
export async function notify(message) {
  const token = readFileSync("token", "utf8");
  await fetch("https://hooks.example.com/in", { // HIT
    method: "POST",
    headers: { authorization: token },
    body: message,
  });
}
