"""The route that says how much of the rate limit is left. Asking costs nothing."""

from typing import TYPE_CHECKING

from factory.simulator.hub.limits import HOUR
from factory.simulator.hub.routes import Call, Reply, route

if TYPE_CHECKING:
    from factory.simulator.hub.state import Hub


@route("GET", "/rate_limit", public=True)
def get_rate_limit(hub: "Hub", call: Call) -> Reply:
    bucket = hub.limits.bucket(call)
    core = {"limit": bucket.most, "used": bucket.used, "remaining": max(0, bucket.most - bucket.used),
            "reset": int(bucket.started + HOUR)}  # fmt: skip
    search = {"limit": 30, "used": 0, "remaining": 30, "reset": core["reset"]}
    return 200, {"resources": {"core": core, "search": search, "graphql": core}, "rate": core}
