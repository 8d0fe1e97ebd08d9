"""Git over HTTP: `git http-backend` behind the double's tokens, and what a push changes in the double's state."""

import subprocess
from collections.abc import Mapping
from io import BufferedIOBase

from factory.simulator.hub import bare, pushes
from factory.simulator.hub.nouns import RANK, Repository, Token
from factory.simulator.hub.routes import Answer, Call, Dropped, Refused
from factory.simulator.hub.state import Hub

Headers = Mapping[str, str]  # of the request, lower-case names
_SERVICES = ("/info/refs", "/git-upload-pack", "/git-receive-pack")


def is_git(path: str) -> bool:
    return path.endswith(_SERVICES) and path.count("/") >= 3 and not path.startswith("/api/")


def read_body(stream: BufferedIOBase, headers: Headers) -> bytes:
    """Also chunked: git sends large packs so. Raises Dropped when the client died before its end."""
    if "chunked" not in headers.get("transfer-encoding", ""):
        return _exactly(stream, int(headers.get("content-length") or 0))
    parts = []
    while size := int(_line(stream).split(b";")[0], 16):
        parts.append(_exactly(stream, size))
        stream.readline()
    while stream.readline() not in (b"\r\n", b"\n", b""):
        pass
    return b"".join(parts)


def _exactly(stream: BufferedIOBase, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise Dropped
    return data


def _line(stream: BufferedIOBase) -> bytes:
    found = stream.readline()
    if not found.strip():
        raise Dropped
    return found


def answer(hub: Hub, call: Call, query: str) -> Answer:
    """One request of a git client, with the faults that are planned for it. Raises Dropped."""
    early = hub.faults.before(call)
    return early or hub.faults.after(call, _answer(hub, call, query))


def _answer(hub: Hub, call: Call, query: str) -> Answer:
    """Errors are plain text: git prints them."""
    path, token = call.path, call.token
    service = next(each for each in _SERVICES if path.endswith(each))
    name = path.removesuffix(service).strip("/").removesuffix(".git")
    pushing = "git-receive-pack" in service + query
    with hub.lock:
        repo = hub.repos.get(name.lower())
        refusal = _refusal(hub, repo, name, token, pushing)
    if refusal or repo is None:
        return refusal or Answer(404)
    if service != "/git-receive-pack":
        return _backend(hub, repo, call, service, query)
    with hub.lock:  # pushes one after the other: state and refs change together
        before = bare.refs(repo.folder, "refs/")
        done = _backend(hub, repo, call, service, query)
        pushes.after(hub, repo, before, token)
    return done


def _refusal(hub: Hub, repo: Repository | None, name: str, token: Token | None, pushing: bool) -> Answer | None:
    def say(status: int, words: str) -> Answer:
        return Answer(status, headers={"Content-Type": "text/plain; charset=utf-8"}, raw=f"{words}\n".encode())

    if token is None and (repo is None or repo.private or pushing):
        asked = say(401, "No anonymous write access." if pushing else "Repository not found.")
        asked.headers["WWW-Authenticate"] = 'Basic realm="GitHub"'
        return asked
    if repo is None or not hub.may(token, repo, "metadata", "read"):
        return say(404, "Repository not found.")
    if pushing and not hub.may(token, repo, "contents", "write"):
        held = token.login if token else "nobody"
        return say(403, f"Permission to {repo.full_name}.git denied to {held}.")
    if not hub.may(token, repo, "contents", "read"):
        return say(403, "Write access to repository not granted.")
    return None


def _backend(hub: Hub, repo: Repository, call: Call, service: str, query: str) -> Answer:
    asked = call.headers
    env = bare.environment({
        "GIT_PROJECT_ROOT": str(repo.folder), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": service,
        "QUERY_STRING": query, "REQUEST_METHOD": call.method, "CONTENT_TYPE": asked.get("content-type", ""),
        "CONTENT_LENGTH": str(len(call.raw)), "REMOTE_ADDR": "127.0.0.1", "REMOTE_USER": call.login,
        "GIT_PROTOCOL": asked.get("git-protocol", ""), "HTTP_CONTENT_ENCODING": asked.get("content-encoding", ""),
        **_hook_words(hub, repo, call.token),
    })  # fmt: skip
    done = subprocess.run(["git", "http-backend"], input=call.raw, env=env, capture_output=True, check=False)
    head, _, raw = done.stdout.partition(b"\r\n\r\n")
    found = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
    if not found:
        raise Refused(500, done.stderr.decode(errors="replace")[-500:])
    return Answer(int(found.pop("Status", "200").split()[0]), headers=found, raw=raw)


def _hook_words(hub: Hub, repo: Repository, token: Token | None) -> Mapping[str, str]:
    """What the pre-receive hook goes by."""
    person = token is not None and token.kind == "pat"
    workflows = token is not None and (
        token.grants("workflows", "write") if token.kind != "pat" or token.permissions else True
    )
    admin = person and token is not None and hub.rank(repo, token.login) >= RANK["admin"]
    return {
        "HUB_WORKFLOWS": "yes" if workflows and not (token and token.kind == "actions") else "no",
        "HUB_PROTECTED": "" if admin else "\n".join(sorted(repo.protected)), "HUB_DEFAULT": repo.default_branch,
    }  # fmt: skip
