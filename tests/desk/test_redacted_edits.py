"""A cloud model edits a file that holds a secret without ever seeing it."""

from pathlib import Path

import pytest

from factory.contracts.errors import Stopped
from factory.desk.desk import Workdesk
from factory.llm.client import Account
from tests.desk.workshop import CART, FACTS, FILES, UNIT, Listening, Workshop

KEY = "AKIA" + "QYLPMN5HHHFPZAM2"
HELD = f'KEY = "{KEY}"\n{CART}'
CLOUD = {"tier": "frontier", "price_in": 1, "price_out": 1}


def cloud_desk(shop: Workshop) -> Workdesk:
    return Workdesk(shop.tools, "backend", shop.scope, Account("run-1", "7"), 5, "frontier")


def edit(path: str, key: str) -> str:
    old = f'KEY = "{key}"'
    if path == "shop/cart.py":
        return f"### edit {path}\n<<<<<<< SEARCH\n{old}\n=======\n{old}  # ours\n>>>>>>> REPLACE\n"
    return f"### write {path}\n<<<<<<< CONTENT\n{old}\n>>>>>>> END\n"


def test_the_model_sees_a_placeholder_and_the_file_keeps_its_secret(tmp_path: Path) -> None:
    shop = Workshop(tmp_path, [], files={**FILES, "shop/cart.py": HELD}, endpoint=CLOUD)
    (name,) = shop.tools.client.guard.redaction.secrets(HELD)
    shop.model = Listening(shop.settings.endpoint("box"), shop.clock, [edit("shop/cart.py", name)])
    change = cloud_desk(shop).write("backend/write", UNIT, shop.tree, **FACTS)
    sent = "".join(message.text for message in shop.model.asked[0].messages)
    assert name in sent
    assert KEY not in sent
    after = shop.text(shop.store.overlay(shop.tree, change.files), "shop/cart.py")
    assert after == f'KEY = "{KEY}"  # ours\n{CART}'


def test_it_cannot_be_made_to_write_the_secret_elsewhere(tmp_path: Path) -> None:
    shop = Workshop(tmp_path, [], files={**FILES, "shop/cart.py": HELD}, endpoint=CLOUD)
    (name,) = shop.tools.client.guard.redaction.secrets(HELD)
    shop.model = Listening(shop.settings.endpoint("box"), shop.clock, [edit("shop/discount.py", name)] * 2)
    with pytest.raises(Stopped, match=r"stands for a secret that shop/discount\.py does not hold"):
        cloud_desk(shop).write("backend/write", UNIT, shop.tree, **FACTS)
    told = shop.model.asked[1].messages[-1].text
    assert name in told
    assert KEY not in told
