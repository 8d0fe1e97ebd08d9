"""Which conversation a request belongs to, so that it can go back to where its prefix is still in the cache."""

from hashlib import blake2b

from factory.contracts.record import Json

NAMES = ("prompt_cache_key",)  # fields of the body by which clients name a conversation themselves
BILLING = "x-anthropic-billing-header:"  # Claude Code's first line of the system prompt; it differs in every request
DEEP = 8  # levels into blocks of a message, further ones are not looked at
Digest = blake2b


def session_of(named: str | None, body: Json, key: str) -> str:
    """A short hex name for the conversation; '' when nothing says which.

    `named` is what the client's header says; without it the body's own name for the conversation counts, else its
    system prompt and first user turn, which later turns of the same conversation repeat. The key is mixed in: two
    keys never share a session, whatever they send. The rest of the body is not looked at.
    """
    digest = blake2b(digest_size=8)
    _feed(digest, "key", key)
    if name := named or next((body[item] for item in NAMES if isinstance(body.get(item), str) and body[item]), ""):
        _feed(digest, "name", name)
        return digest.hexdigest()
    return digest.hexdigest() if _opening(digest, body) else ""


def _opening(digest: Digest, body: Json) -> bool:
    """Feed the system prompt and the first user turn; False when there is no such turn.

    `system` and `messages` are Anthropic's, `messages` OpenAI's, `instructions` and `input` those of /v1/responses.
    """
    for name in ("system", "instructions"):
        _system(digest, body.get(name))
    turns = body.get("messages")
    turns = body.get("input") if turns is None else turns
    if isinstance(turns, str):
        _feed(digest, "user", turns)
        return bool(turns)
    for turn in turns if isinstance(turns, list) else ():
        role = turn.get("role") if isinstance(turn, dict) else None
        if role == "user":
            _content(digest, "user", turn.get("content"))
            return True
        if role in ("system", "developer"):
            _system(digest, turn.get("content"))
    return False


def _system(digest: Digest, content: object) -> None:
    if isinstance(content, str) and content.startswith(BILLING):
        content = content.partition("\n")[2]
    elif isinstance(content, list):
        content = [block for block in content if not _billing(block)]
    _content(digest, "system", content)


def _billing(block: object) -> bool:
    text = block.get("text") if isinstance(block, dict) else None
    return isinstance(text, str) and text.startswith(BILLING)


def _content(digest: Digest, role: str, content: object, depth: int = 0) -> None:
    """Texts, pictures and the like of a message; marks for caching move from turn to turn and do not count."""
    if isinstance(content, str):
        _feed(digest, role, content)
    elif depth < DEEP and isinstance(content, list):
        for item in content:
            _content(digest, role, item, depth + 1)
    elif depth < DEEP and isinstance(content, dict):
        for name, value in content.items():
            if name != "cache_control":
                _content(digest, role, value, depth + 1)


def _feed(digest: Digest, name: str, text: str) -> None:
    """With its length, so that no two sequences of texts look alike."""
    data = text.encode("utf-8", "surrogatepass")
    digest.update(f"{name}:{len(data)}:".encode())
    digest.update(data)
