"""Which parts of this machine a sandboxed command may read, and where it finds them."""

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CODE = "/factory/code"  # where the inside finds itself
_INSIDE = f"{CODE}/factory/sandbox/inside"
_BOOT = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from factory.sandbox.inside.start import main; main(sys.argv[1:])"
)
_TOP = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_ETC = (
    "alternatives", "ca-certificates", "ca-certificates.conf", "crypto-policies", "debian_version", "fonts",
    "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "locale.alias", "magic", "magic.mime", "mime.types",
    "os-release", "perl", "pki/ca-trust", "pki/tls/cert.pem", "pki/tls/certs", "pki/java", "protocols", "services",
    "ssl/certs", "ssl/cert.pem", "ssl/openssl.cnf", "terminfo", "timezone",
)  # fmt: skip
_ETC_GLOBS = ("java*", "maven*", "gradle*", "python3*")
_TOOLS = ("cargo", "rustc", "go", "node", "npm", "pnpm", "yarn", "java", "mvn", "gradle", "make", "cc", "google-chrome")
FILES = {  # what stands in for this machine's own
    "/etc/passwd": (
        b"root:x:0:0:root:/root:/usr/sbin/nologin\nsandbox:x:1000:1000::/home/sandbox:/bin/sh\n"
        b"nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n"
    ),
    "/etc/group": b"root:x:0:\nsandbox:x:1000:\nnogroup:x:65534:\n",
    "/etc/hosts": b"127.0.0.1 localhost sandbox\n::1 localhost\n",
    "/etc/nsswitch.conf": b"passwd: files\ngroup: files\nhosts: files dns\n",
}


@dataclass(frozen=True)
class Bind:
    """`source` of this machine, read-only at `target` in the sandbox (writable when it says so)."""

    source: Path
    target: str
    writable: bool = False


@dataclass(frozen=True)
class View:
    binds: tuple[Bind, ...]
    links: tuple[tuple[str, str], ...]  # (what it points at, path)
    env: Mapping[str, str]
    python: str


def view(environment: Mapping[str, str]) -> View:
    """The system, our interpreter, uv, ruff and the user's toolchains. `environment` is the caller's."""
    binds, links = _system()
    prefix = Path(sys.base_prefix).resolve()
    binds += [Bind(prefix, str(prefix))] if not _in_system(prefix) else []
    binds.append(Bind(Path(__file__).resolve().parent / "inside", _INSIDE))
    for name, path in own_programs().items():
        if name.startswith("python"):
            links.append((str(path), f"/factory/bin/{name}"))
        else:
            binds.append(Bind(path, f"/factory/bin/{name}"))
    tools, folders, extra = _toolchains(environment)
    binds += tools
    env = {
        "PATH": ":".join(["/deps/venv/bin", "/factory/bin", *folders, "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": "/home/sandbox",
        "USER": "sandbox",
        "TMPDIR": "/tmp",  # noqa: S108  (the sandbox's own)
        "LC_ALL": "C.UTF-8",
        "CI": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        **extra,
    }
    return View(tuple(dict.fromkeys(binds)), tuple(links), env, str(own_programs()["python"]))


def _in_system(path: Path) -> bool:
    return path.is_relative_to("/usr")


def _system() -> tuple[list[Bind], list[tuple[str, str]]]:
    binds, links = [Bind(Path("/usr"), "/usr")], []
    for name in _TOP:
        path = Path(name)
        if path.is_symlink():
            links.append((str(path.readlink()), name))
        elif path.is_dir():
            binds.append(Bind(path, name))
    etc = Path("/etc")
    found = [etc / name for name in _ETC] + [path for glob in _ETC_GLOBS for path in sorted(etc.glob(glob))]
    for path in found:
        if path.is_symlink() and not path.is_dir():
            path, name = path.resolve(), str(path)
            binds += [Bind(path, name)] if path.is_file() else []
        elif path.exists():
            binds.append(Bind(path, str(path)))
    return binds, links


def start_words(python: str, code: str) -> list[str]:
    """What starts the inside, isolated from the environment and from the tree; its five descriptors come after."""
    return [python, "-I", "-S", "-B", "-X", "utf8", "-c", _BOOT, code]


def own_programs() -> dict[str, Path]:
    """python, python3, uv and ruff as they came with the factory; a ruff that is missing is left out."""
    import uv

    python = Path(getattr(sys, "_base_executable", "") or sys.executable).resolve()
    found = {"python": python, "python3": python, "uv": Path(uv.find_uv_bin())}
    beside, elsewhere = found["uv"].parent / "ruff", shutil.which("ruff")
    if beside.is_file() or elsewhere:
        found["ruff"] = beside if beside.is_file() else Path(str(elsewhere))
    return {name: path.resolve() for name, path in found.items()}


def _toolchains(environment: Mapping[str, str]) -> tuple[list[Bind], list[str], dict[str, str]]:
    """(binds, folders for PATH, variables) of compilers and runtimes that live outside /usr."""
    binds: list[Bind] = []
    folders: list[str] = []
    extra: dict[str, str] = {}
    for tool in _TOOLS:
        where = shutil.which(tool, path=environment.get("PATH"))
        if not where or _in_system(Path(where).resolve()):
            continue
        shown = Path(where).absolute()
        for folder in (_root_of(Path(where).resolve(), environment), _root_of(shown, environment)):
            if folder is not None:
                binds.append(Bind(folder, str(folder)))
        folders.append(str(shown.parent))
        if tool == "cargo":
            home = Path(environment.get("HOME", "/root"))
            rustup = Path(environment.get("RUSTUP_HOME") or home / ".rustup").resolve()
            if rustup.is_dir():
                binds.append(Bind(rustup, str(rustup)))
                extra = {"RUSTUP_HOME": str(rustup), "RUSTUP_AUTO_INSTALL": "0"}
            extra["CARGO_HOME"] = "/home/sandbox/.cargo"
    return binds, list(dict.fromkeys(folders)), extra


def _root_of(tool: Path, environment: Mapping[str, str]) -> Path | None:
    """What to bind so that a tool works: its prefix when it has one of its own, else its folder, else the file."""
    if _in_system(tool):
        return None
    home = Path(environment.get("HOME", "/root"))
    if tool.parent == home / ".cargo" / "bin":
        return tool.parent  # not ~/.cargo: credentials lie there
    prefix = tool.parent.parent
    shared = {Path("/"), Path("/opt"), Path("/home"), Path("/snap"), home, home.parent, home / ".local"}
    return tool if prefix in shared or home.is_relative_to(prefix) else prefix
