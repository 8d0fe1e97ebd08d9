"""A stand-in for SkyPilot's client: what it is asked is appended to $ASKED, what it answers stands in $STATE (JSON)."""

import json
import os
import types
from enum import Enum
from pathlib import Path

from sky import exceptions

print("<sky-payload>noise on standard output</sky-payload>")


class StatusRefreshMode(Enum):
    AUTO = "AUTO"


def _state():
    return json.loads(Path(os.environ["STATE"]).read_text())


def _note(call, **arguments):
    with open(os.environ["ASKED"], "a") as file:
        file.write(json.dumps({"call": call, **{key: str(value) for key, value in arguments.items()}}) + "\n")


class Task:
    def __init__(self, name=None, *, setup=None, run=None, secrets=None):
        _note("Task", name=name, setup=setup, run=run, secrets=secrets)

    def set_resources(self, resources):
        pass


class Resources:
    def __init__(self, **resources):
        _note("Resources", **resources)


def list_accelerators(name_filter, quantity_filter, clouds):
    return {"X": [types.SimpleNamespace(**each) for each in _state().get("offers", [])]}


def launch(task, cluster_name, idle_minutes_to_autostop, wait_for, down):
    _note("launch", name=cluster_name, minutes=idle_minutes_to_autostop, wait_for=wait_for.value, down=down)
    if _state().get("refuse"):
        raise exceptions.ResourcesUnavailableError("no such machine")
    return "request-1"


def status(cluster_names, refresh):
    return ("status", cluster_names)


def api_status(request_ids):
    found = _state().get("request")
    return [types.SimpleNamespace(**found)] if found else []


def autostop(cluster_name, idle_minutes, wait_for, down):
    _note("autostop", name=cluster_name, minutes=idle_minutes, wait_for=wait_for.value, down=down)


def api_cancel(request_ids, silent):
    _note("api_cancel", requests=request_ids)


def down(cluster_name):
    _note("down", name=cluster_name)
    return ("down", cluster_name)


def get(request):
    what, of = request or ("", None)
    clusters = _state().get("clusters", [])
    if what == "down" and of not in [each["name"] for each in clusters]:
        raise exceptions.ClusterDoesNotExist(of)
    return [_cluster(each) for each in clusters if of is None or each["name"] in of] if what == "status" else None


def _cluster(each):
    handle = types.SimpleNamespace(
        launched_nodes=1, launched_resources=types.SimpleNamespace(get_cost=lambda seconds: 2.5 * seconds / 3600)
    )
    return types.SimpleNamespace(
        name=each["name"], status=types.SimpleNamespace(value=each["status"]), launched_at=1000, handle=handle,
        init_status_reason=None,
    )
