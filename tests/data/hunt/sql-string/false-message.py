import logging

log = logging.getLogger(__name__)


def told(name):
    log.info(f"SELECT done FROM jobs WHERE name = {name}")
    raise ValueError(f"DELETE FROM basket WHERE item = '{name}' failed")
