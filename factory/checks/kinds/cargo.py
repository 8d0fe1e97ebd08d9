"""cargo test: counts from its text; crates are fetched once into the installed environment."""

from factory.checks.kind import Kind, Report, Setup, Suite
from factory.checks.reports import cargo
from factory.checks.source import Source, outermost, parent
from factory.contracts.sandbox import JobResult
from factory.contracts.tables import CheckSettings

ENV = {"CARGO_TARGET_DIR": "/tmp/cargo-target", "CARGO_NET_OFFLINE": "true", "CARGO_TERM_COLOR": "never"}  # noqa: S108  (in the sandbox)


def find(source: Source, _settings: CheckSettings) -> tuple[Suite, ...]:
    folders = outermost({parent(path) for path in source.matching("", "Cargo.toml")})
    return tuple(
        Suite(
            name=f"cargo test in {folder}" if folder else "cargo test",
            kind="cargo",
            shown="cargo test --no-fail-fast",
            argv=("cargo", "test", "--offline", "--no-fail-fast", "--workspace"),
            folder=folder,
            env={**ENV, "CARGO_HOME": "/deps/cargo"} if _needs_crates(source, folder) else ENV,
            group="cargo",
        )
        for folder in folders
        if any("#[test]" in source.text(path) or "::test]" in source.text(path) or "```" in source.text(path)
               for path in source.matching(folder, "*.rs"))
    )  # fmt: skip


def _needs_crates(source: Source, folder: str) -> bool:
    return any("registry+" in source.text(path) for path in source.matching(folder, "Cargo.lock")) or any(
        "dependencies]\n" in source.text(path) for path in source.matching(folder, "Cargo.toml")
    )


def setup(source: Source, folder: str, _settings: CheckSettings) -> Setup | None:
    if not _needs_crates(source, folder):
        return None
    files = source.matching(folder, "Cargo.toml", "Cargo.lock")
    command = ("sh", "-c", 'cp -a "/work/$1" /tmp/crate && cd /tmp/crate && cargo fetch', "sh", folder or ".")
    depends = tuple(f"{path}:{source.paths[path].oid}" for path in files)
    return Setup(
        group="cargo", commands=(command,), env={"CARGO_HOME": "/deps/cargo"}, depends=depends, code=True
    )  # cargo asks the compiler and wrappers that .cargo/config.toml names


def read(result: JobResult) -> Report | None:
    return cargo(result.output)


KIND = Kind(find=find, read=read, setup=setup, must_count=True, suffixes=(".rs",))
