"""maven: counts from surefire's XML reports."""

from factory.checks.kind import Kind, Report, Setup, Suite
from factory.checks.reports import junit
from factory.checks.source import Source, outermost, parent
from factory.contracts.sandbox import JobResult
from factory.contracts.tables import CheckSettings

OPTIONS = ("-o", "-B", "-q", "-Dmaven.repo.local=/tmp/m2", "-Dmaven.test.failure.ignore=false", "--fail-at-end")
FETCH = ("-Dmaven.repo.local=/deps/m2", "-Dmaven.test.failure.ignore=true", "--fail-at-end")
LINK = 'mkdir -p /tmp/m2; if [ -d /deps/m2 ]; then cp -as /deps/m2/. /tmp/m2/; fi; exec mvn "$@"'


def find(source: Source, _settings: CheckSettings) -> tuple[Suite, ...]:
    folders = outermost({parent(path) for path in source.matching("", "pom.xml")})
    return tuple(
        Suite(
            name=f"maven in {folder}" if folder else "maven",
            kind="maven",
            shown="mvn test",
            argv=("sh", "-c", LINK, "sh", *OPTIONS, "test"),
            folder=folder,
            group="maven",
            reports=("**/target/surefire-reports/TEST-*.xml",),
        )
        for folder in folders
        if any("src/test/" in path for path in source.under(folder))
    )


def setup(source: Source, folder: str, _settings: CheckSettings) -> Setup | None:
    """Everything a test run downloads: surefire fetches its provider only when tests run, so here they do once."""
    script = 'cp -a "/work/$1" /tmp/build && cd /tmp/build && shift && exec mvn -B -q "$@" test'
    files = tuple(f"{path}:{source.paths[path].oid}" for path in source.matching(folder, "pom.xml"))
    return Setup(group="maven", commands=(("sh", "-c", script, "sh", folder or ".", *FETCH),), depends=files, code=True)


def read(result: JobResult) -> Report | None:
    return junit(data for name, data in sorted(result.files.items()) if name.endswith(".xml"))


KIND = Kind(find=find, read=read, setup=setup, must_count=True, suffixes=(".java", ".kt", ".groovy", ".scala"))
