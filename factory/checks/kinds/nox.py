"""nox sessions named in the settings: made once with their dependencies, run without the network."""

from factory.checks.kind import Kind, Setup, Suite
from factory.checks.kinds.command import read
from factory.checks.manifests import depends, manifests
from factory.checks.python_env import named_suites
from factory.checks.python_project import version_env
from factory.checks.source import Source
from factory.contracts.tables import CheckSettings

COPY = 'cp -a /deps/nox /tmp/nox && exec nox --no-install --reuse-existing-virtualenvs --envdir /tmp/nox -s "$1"'
MAKE = ("uv venv --quiet --clear /deps/venv && uv pip install --quiet --python /deps/venv/bin/python nox && "
        "cp -a /work /tmp/tree && cd /tmp/tree && "
        '/deps/venv/bin/nox --install-only --envdir /deps/nox -s "$@"')  # fmt: skip


def find(source: Source, settings: CheckSettings) -> tuple[Suite, ...]:
    return named_suites("nox", "-s", settings.nox, COPY, source)


def setup(source: Source, folder: str, settings: CheckSettings) -> Setup | None:
    env = version_env("1.0.0")
    command = ("sh", "-c", MAKE, "sh", *settings.nox)
    return Setup(
        group="nox",
        commands=(command,),
        env=env,
        depends=depends(source, manifests(source, folder, "noxfile.py"), "pyproject.toml"),
        code=True,
    )


KIND = Kind(find=find, read=read, setup=setup, suffixes=(".py",))
