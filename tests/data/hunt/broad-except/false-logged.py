import logging

log = logging.getLogger(__name__)


def owner_of(record):
    try:
        team = record["team"]
        person = team.members[0]
        return person.name
    except Exception:
        log.exception("no owner in %s", record)
        return None
