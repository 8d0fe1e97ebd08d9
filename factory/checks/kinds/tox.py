"""tox environments named in the settings: made once with their dependencies, run without the network."""

from factory.checks.kind import Kind, Setup, Suite
from factory.checks.kinds.command import read
from factory.checks.manifests import depends, manifests
from factory.checks.python_env import named_suites
from factory.checks.source import Source
from factory.contracts.tables import CheckSettings

COPY = (
    "cp -a /deps/tox /tmp/tox && exec tox run --skip-pkg-install --skip-env-install --workdir /tmp/tox "
    "-x 'testenv.pass_env=*' -e \"$1\""
)
MAKE = (
    "uv venv --quiet --clear /deps/venv && uv pip install --quiet --python /deps/venv/bin/python tox && "
    'cp -a /work /tmp/tree && cd /tmp/tree && for name in "$@"; do '
    '/deps/venv/bin/tox run --notest --skip-pkg-install --workdir /deps/tox -e "$name" || exit 1; done'
)


def find(source: Source, settings: CheckSettings) -> tuple[Suite, ...]:
    return named_suites("tox", "-e", settings.tox, COPY, source)


def setup(source: Source, folder: str, settings: CheckSettings) -> Setup | None:
    return Setup(
        group="tox",
        commands=(("sh", "-c", MAKE, "sh", *settings.tox),),
        depends=depends(source, manifests(source, folder, "tox.ini", "tox.toml"), "pyproject.toml"),
        code=True,
    )


KIND = Kind(find=find, read=read, setup=setup, suffixes=(".py",))
