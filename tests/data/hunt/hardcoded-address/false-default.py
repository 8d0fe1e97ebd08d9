import os

import redis


def client(url: str = "redis://10.0.0.5:6379/0") -> redis.Redis:
    return redis.Redis.from_url(os.environ.get("REDIS_URL", "redis://10.0.0.5:6379/0") or url)
