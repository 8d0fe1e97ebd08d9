import logging

log = logging.getLogger(__name__)


def refresh(cache, key):
    try:
        cache.load(key)
    except:  # HIT
        log.warning("could not refresh %s", key)
