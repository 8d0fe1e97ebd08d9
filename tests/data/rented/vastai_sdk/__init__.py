"""A stand-in for Vast's SDK, see the one of SkyPilot."""

import json
import os
from pathlib import Path


class VastAI:
    def show_instances(self):
        return json.loads(Path(os.environ["STATE"]).read_text()).get("instances", [])

    def destroy_instance(self, id):
        with open(os.environ["ASKED"], "a") as file:
            file.write(json.dumps({"call": "destroy_instance", "id": id}) + "\n")
