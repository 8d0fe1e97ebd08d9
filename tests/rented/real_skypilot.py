"""Run under the real SkyPilot: does it have every name and parameter that inside/sky_worker.py uses?"""

import importlib.util
import inspect
import json
import sys
from pathlib import Path


def main() -> None:
    import sky
    from sky import exceptions
    from sky.catalog.common import InstanceTypeInfo
    from sky.schemas.api.responses import StatusResponse
    from sky.server.requests.payloads import RequestPayload
    from sky.skylet.autostop_lib import AutostopWaitFor

    known = json.loads(sys.argv[1])
    task = sky.Task(name="dark-factory-00c0ffee-big", **known["task"])
    task.set_resources(sky.Resources(**known["resources"]))
    none, auto = AutostopWaitFor.NONE, sky.StatusRefreshMode.AUTO
    calls = [
        (sky.list_accelerators, (), {"name_filter": "^X$", "quantity_filter": 1, "clouds": "vast"}),
        (sky.launch, (task,), {"cluster_name": "c", "idle_minutes_to_autostop": 1, "wait_for": none, "down": True}),
        (sky.status, (["c"],), {"refresh": auto}),
        (sky.autostop, ("c",), {"idle_minutes": 1, "wait_for": none, "down": True}),
        (sky.api_cancel, (["r"],), {"silent": True}),
        (sky.api_status, (["r"],), {}),
        (sky.down, ("c",), {}),
        (sky.get, ("r",), {}),
    ]
    for call, positional, named in calls:
        inspect.signature(call).bind(*positional, **named)
    assert {"name", "status", "launched_at", "handle", "init_status_reason"} <= set(StatusResponse.model_fields)
    assert {"status", "status_msg"} <= set(RequestPayload.model_fields)
    assert {"price", "spot_price", "instance_type", "region", "accelerator_count"} <= set(InstanceTypeInfo._fields)
    assert issubclass(exceptions.ClusterDoesNotExist, Exception)
    assert issubclass(exceptions.ResourcesUnavailableError, Exception)
    assert hasattr(sky.Resources, "get_cost")
    vast = sources("vastai_sdk") + sources("vastai")
    assert "def show_instances(self" in vast
    assert "def destroy_instance(self, id" in vast
    sys.stdout.write("all there\n")


def sources(package: str) -> str:
    """Read, not imported: Vast's SDK asks its server for the names of GPUs when it is imported."""
    found = importlib.util.find_spec(package)
    folders = found.submodule_search_locations or [] if found else []
    return "".join(path.read_text() for folder in folders for path in sorted(Path(folder).rglob("*.py")))


if __name__ == "__main__":
    main()
