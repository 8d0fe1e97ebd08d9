export function verb(request: Request) {
  if (request.method == "POST") { // HIT
    return "create";
  }
  return "read";
}
