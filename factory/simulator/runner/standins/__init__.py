"""Stand-ins for third-party actions, by name. Anything else with an owner in front is refused."""

from collections.abc import Callable

from factory.simulator.runner.standins import artifacts, cache, checkout, present
from factory.simulator.runner.standins.call import Call

STANDINS: dict[str, Callable[[Call], str]] = {
    "actions/attest-build-provenance": present.attest,
    "actions/cache": cache.cache,
    "actions/cache/restore": cache.restore,
    "actions/cache/save": cache.save,
    "actions/checkout": checkout.checkout,
    "actions/download-artifact": artifacts.download,
    "actions/setup-node": present.setup_node,
    "actions/setup-python": present.setup_python,
    "actions/upload-artifact": artifacts.upload,
    "astral-sh/setup-uv": present.setup_uv,
    "pypa/gh-action-pypi-publish": present.publish,
}
