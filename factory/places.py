"""Where the factory keeps things on this machine."""

import os
from collections.abc import Mapping
from pathlib import Path


def state_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where runs live: $FACTORY_STATE, else the user's state directory."""
    from platformdirs import user_state_path

    named = environment.get("FACTORY_STATE", "")
    return Path(named).absolute() if named else user_state_path("dark-factory")


def cache_folder() -> Path:
    """Where downloads that can be made again are kept: the user's cache directory."""
    from platformdirs import user_cache_path

    return user_cache_path("dark-factory")


def user_file() -> Path:
    """The user's own settings file, whether it is there or not."""
    from platformdirs import user_config_path

    return user_config_path("dark-factory") / "factory.toml"
