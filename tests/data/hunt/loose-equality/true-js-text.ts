export function verb(request: Request) {
  if (request.code == 404) { // HIT
    return "gone";
  }
  return request.verb == "POST" ? "create" : "read";
}
