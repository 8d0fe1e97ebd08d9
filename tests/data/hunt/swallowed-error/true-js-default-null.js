export async function profile(api, id) {
  try {
    const answer = await api.users(id);
    return answer.body;
  } catch { // HIT
    return null;
  }
}
