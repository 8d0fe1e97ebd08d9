"""gradle: counts from its XML reports; the wrapper is used where the repository has one."""

from factory.checks.kind import Kind, Report, Setup, Suite
from factory.checks.reports import junit
from factory.checks.source import Source, inside, outermost, parent
from factory.contracts.sandbox import JobResult
from factory.contracts.tables import CheckSettings

FILES = ("build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts")
RUN = (
    "mkdir -p /tmp/gradle; if [ -d /deps/gradle ]; then cp -a /deps/gradle/. /tmp/gradle/; fi; "
    'program="$1"; shift; [ "$program" = gradle ] || program="sh $program"; exec $program "$@"'
)


def program(source: Source, folder: str) -> str:
    return "./gradlew" if source.has(inside(folder, "gradlew")) else "gradle"


def find(source: Source, _settings: CheckSettings) -> tuple[Suite, ...]:
    folders = outermost({parent(path) for path in source.matching("", *FILES)})
    options = ("--offline", "--no-daemon", "--continue", "--console=plain", "-g", "/tmp/gradle")  # noqa: S108  (in the sandbox)
    return tuple(
        Suite(
            name=f"gradle in {folder}" if folder else "gradle",
            kind="gradle",
            shown=f"{program(source, folder)} test",
            argv=("sh", "-c", RUN, "sh", program(source, folder), *options, "test"),
            folder=folder,
            group="gradle",
            reports=("**/build/test-results/**/TEST-*.xml",),
        )
        for folder in folders
        if any("src/test/" in path for path in source.under(folder))
    )


def setup(source: Source, folder: str, _settings: CheckSettings) -> Setup | None:
    script = (
        'cp -a "/work/$1" /tmp/build && cd /tmp/build && program="$2" && '
        'if [ "$program" != gradle ]; then program="sh $program"; fi && '
        "$program --no-daemon --console=plain -g /deps/gradle testClasses"
    )
    names = (*FILES, "gradle.lockfile", "gradle-wrapper.properties", "libs.versions.toml", "gradle.properties")
    files = tuple(f"{path}:{source.paths[path].oid}" for path in source.matching(folder, *names))
    command = ("sh", "-c", script, "sh", folder or ".", program(source, folder))
    return Setup(group="gradle", commands=(command,), depends=files, code=True)


def read(result: JobResult) -> Report | None:
    return junit(data for name, data in sorted(result.files.items()) if name.endswith(".xml"))


KIND = Kind(find=find, read=read, setup=setup, must_count=True, suffixes=(".java", ".kt", ".groovy", ".scala"))
