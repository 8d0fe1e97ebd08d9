from datetime import UTC, datetime, timezone


def both():
    return datetime.now(UTC).isoformat(), datetime.now(tz=timezone.utc).isoformat()
