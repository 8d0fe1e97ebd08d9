"""Runs under the Python that has SkyPilot: one JSON line in, one out. Standard library, sky and vastai_sdk only.

A process of its own, because SkyPilot takes seconds to import and 160 MB, prints as it likes, and asks for older
libraries than ours. Every name of its API that is used stands here, in the section `calls`.
"""

import contextlib
import json
import os
import re
import sys
import time
from collections.abc import Callable
from typing import Any

PREFIX = "dark-factory-"
ON_VAST = re.compile(r"(dark-factory-[0-9a-f]{8}-[a-z0-9-]+)-[0-9a-f]{8}-head")  # SkyPilot adds the user and the node
FINAL = ("FAILED", "CANCELLED")
REFUSED = ("ResourcesUnavailableError", "NoCloudAccessError", "ResourcesMismatchError", "InvalidClusterNameError")

Json = dict[str, Any]

# ---- calls


def quote(gpu: str, count: int, cloud: str, spot: bool) -> Json:
    """The cheapest offer in SkyPilot's catalogue."""
    import sky

    found = sky.list_accelerators(name_filter=f"^{re.escape(gpu)}$", quantity_filter=count, clouds=cloud)
    offers = [offer for offers in found.values() for offer in offers if offer.accelerator_count == count]
    prices = [(price, offer) for offer in offers if _number(price := offer.spot_price if spot else offer.price)]
    if not prices:
        raise LookupError(f"{cloud} has no {gpu}:{count} in SkyPilot's catalogue.")
    price, offer = min(prices, key=lambda each: each[0])
    return {"hour_usd": price, "what": f"{offer.instance_type} in {offer.region}"}


def launch(label: str, task: Json, resources: Json, minutes: int) -> Json:
    """Order it and return at once. It ends itself after so many minutes unless `renew` is called."""
    import sky
    from sky.skylet.autostop_lib import AutostopWaitFor

    job = sky.Task(name=label, **task)
    job.set_resources(sky.Resources(**resources))
    request = sky.launch(
        job, cluster_name=label, idle_minutes_to_autostop=minutes, wait_for=AutostopWaitFor.NONE, down=True
    )
    return {"id": str(request)}


def status(label: str, request: str, cloud: str) -> Json:
    """state: starting, running (it can be reached by SSH), stopped or gone; hour_usd where it is known."""
    import sky

    found = sky.get(sky.status([label], refresh=sky.StatusRefreshMode.AUTO))
    ordered = _request(request)
    if not found:
        pending = ordered["status"] not in (*FINAL, "SUCCEEDED", "")
        return {"state": "starting" if pending else "gone", "why": ordered["error"], "hour_usd": None}
    record = found[0]
    states = {"UP": "running", "STOPPED": "stopped"}
    state = states.get(record.status.value, "starting")
    failed = state != "running" and ordered["status"] in FINAL
    return {
        "state": "stopped" if failed else state,
        "why": ordered["error"] or record.init_status_reason or "",
        "hour_usd": _price(label, record, cloud),
    }


def renew(label: str, minutes: int) -> Json:
    """From now on it ends itself after so many minutes, whatever runs on it. The answer is not waited for."""
    import sky
    from sky.skylet.autostop_lib import AutostopWaitFor

    sky.autostop(label, idle_minutes=minutes, wait_for=AutostopWaitFor.NONE, down=True)
    return {}


def destroy(label: str, request: str, cloud: str) -> Json:
    """End the machine, and on Vast whatever else carries its label."""
    import sky
    from sky import exceptions

    if request and _request(request)["status"] not in (*FINAL, "SUCCEEDED", ""):
        sky.get(sky.api_cancel([request], silent=True))
    with contextlib.suppress(exceptions.ClusterDoesNotExist):
        sky.get(sky.down(label))
    if cloud == "vast":
        for machine in on_vast()["machines"]:
            if machine["label"] == label:
                destroy_on_vast(machine["id"])
    return {}


def listed() -> Json:
    """All clusters that SkyPilot knows under our prefix."""
    import sky

    records = sky.get(sky.status(None, refresh=sky.StatusRefreshMode.AUTO))
    ours = [record for record in records if record.name.startswith(PREFIX)]
    return {"machines": [{"label": each.name, "id": "", "since": float(each.launched_at)} for each in ours]}


def on_vast() -> Json:
    """All instances on Vast under our prefix, also those that SkyPilot has forgotten."""
    import vastai_sdk

    machines = []
    for each in vastai_sdk.VastAI().show_instances():
        label = ON_VAST.fullmatch(str(each.get("label") or ""))
        if label:
            since, price = each.get("start_date") or 0, each.get("dph_total")
            machines.append({"label": label[1], "id": str(each["id"]), "since": float(since), "hour_usd": price})
    return {"machines": machines}


def destroy_on_vast(id: str) -> Json:
    import vastai_sdk

    vastai_sdk.VastAI().destroy_instance(id=int(id))
    return {}


def _request(request: str) -> dict[str, str]:
    """How far an order is: SkyPilot's word, '' when it does not know it, and the error's last line."""
    import sky

    found = sky.api_status([request]) if request else []
    if not found:
        return {"status": "", "error": ""}
    lines = (found[0].status_msg or "").strip().splitlines()
    return {"status": str(found[0].status), "error": lines[-1] if lines and found[0].status in FINAL else ""}


def _price(label: str, record: Any, cloud: str) -> float | None:
    if cloud == "vast":
        return next((each["hour_usd"] for each in on_vast()["machines"] if each["label"] == label), None)
    handle = record.handle
    return None if handle is None else handle.launched_resources.get_cost(3600) * handle.launched_nodes


def _number(value: object) -> bool:
    return isinstance(value, int | float) and value == value and value > 0  # a missing price is NaN


# ---- the loop

CALLS: dict[str, Callable[..., Json]] = {
    each.__name__: each for each in (quote, launch, status, renew, destroy, listed, on_vast, destroy_on_vast)
}


def answered(line: str) -> Json:
    """The answer to one line: {"ok": …} or {"problem": sentence, "refused": whether nothing was done}."""
    asked = json.loads(line)
    try:
        return {"ok": CALLS[asked["call"]](**asked["with"])}
    except Exception as problem:  # noqa: BLE001  the edge to a foreign library: what it raises becomes a sentence
        text = str(problem).strip().splitlines()
        refused = isinstance(problem, LookupError) or type(problem).__name__ in REFUSED
        return {"problem": f"{type(problem).__name__}: {text[0][:300] if text else ''}", "refused": refused}


def main() -> None:
    """What libraries print must not come between the answers: they get standard error as their standard output."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        for line in sys.stdin:
            began = time.monotonic()
            answer = answered(line)
            answers.write(json.dumps({**answer, "seconds": round(time.monotonic() - began, 3)}) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
