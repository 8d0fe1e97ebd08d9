"""go test: counts from `-json`; modules are fetched once into the installed environment."""

from factory.checks.kind import Kind, Report, Setup, Suite
from factory.checks.reports import go_json
from factory.checks.source import Source, outermost, parent
from factory.contracts.sandbox import JobResult
from factory.contracts.tables import CheckSettings

ENV = {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOMODCACHE": "/deps/go", "GOCACHE": "/tmp/go-cache",  # noqa: S108  (inside)
       "GOTOOLCHAIN": "local", "GONOSUMDB": "*"}  # fmt: skip


def find(source: Source, _settings: CheckSettings) -> tuple[Suite, ...]:
    folders = outermost({parent(path) for path in source.matching("", "go.mod")})
    return tuple(
        Suite(
            name=f"go test in {folder}" if folder else "go test",
            kind="go",
            shown="go test ./...",
            argv=("go", "test", "-json", "./..."),
            folder=folder,
            env=ENV,
            group="go",
        )
        for folder in folders
        if source.matching(folder, "*_test.go")
    )


def setup(source: Source, folder: str, _settings: CheckSettings) -> Setup | None:
    files = source.matching(folder, "go.mod", "go.sum", "go.work", "go.work.sum")
    if not any(path.endswith("go.sum") for path in files):
        return None  # no modules from elsewhere
    command = ("sh", "-c", 'cd "/work/$1" && go mod download', "sh", folder)
    env = {"GOMODCACHE": "/deps/go", "GOFLAGS": "-modcacherw", "GOTOOLCHAIN": "local"}
    depends = tuple(f"{path}:{source.paths[path].oid}" for path in files)
    return Setup(group="go", commands=(command,), env=env, depends=depends, files=files)


def read(result: JobResult) -> Report | None:
    return go_json(result.output)


KIND = Kind(find=find, read=read, setup=setup, must_count=True, suffixes=(".go",))
