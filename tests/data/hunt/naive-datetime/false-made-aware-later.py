from datetime import datetime, timezone


def now():
    moment = datetime.utcnow()
    moment = moment.replace(tzinfo=timezone.utc)
    return moment
