"""A server that is elsewhere hears only what may leave: the same guard, ledger and ceiling as an endpoint's."""

import os
import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from factory.contracts.egress import EgressSettings
from factory.contracts.grant import GrantSettings
from factory.contracts.model import Reply, Tier
from factory.contracts.tables import BudgetSettings
from factory.db import Database
from factory.desk.desk import Workdesk
from factory.desk.mcp_client import McpConnections
from factory.desk.mcp_tools import McpFailed
from factory.ledger.egress import Egress
from factory.ledger.migrations import MIGRATIONS
from factory.ledger.spend import Spend
from factory.llm.client import Account, Client
from factory.llm.guard import Repository
from tests.desk.test_mcp import sdk
from tests.desk.workshop import EDIT, FACTS, FILES, UNIT, Workshop, call

TOKEN = "ghp_aB3dE5gH7jK9mN1pQ3rS5tU7vW9xY1zA3bC5"
ENVIRONMENT = {"SHOP_TOKEN": TOKEN, "SHOP_PIN_SECRET": "739201846573"}
SECRETS = "db-host = warehouse-internal-17.corp\nowner = the quiet people of the third floor\n"


def shop_with(folder: Path, ceiling: Tier, **arguments: object) -> tuple[Workshop, Workdesk, Database]:
    """A loop that asks the server `notes`, which is said to be at a frontier's place."""
    answers: list[Reply | str] = [call("mcp__notes__find", **arguments), EDIT, call("finish", summary="s")]
    shop = Workshop(folder, answers, endpoint={"tools": True}, files={**FILES, "secret/hosts.ini": SECRETS})
    egress = EgressSettings.model_validate({"never": ["secret/**"], "frontier": {"run_kib": 4}})
    settings = shop.settings.but(
        mcp={"notes": sdk(tools=("find",), tier="frontier", env=())},
        grants={"backend": GrantSettings(mcp=("notes",))}, egress=egress,
    )  # fmt: skip
    db = Database(folder / "other.db", MIGRATIONS)
    client = Client(
        settings, lambda _: shop.model, Spend(db, BudgetSettings(), shop.clock), Egress(db, shop.clock), shop.clock,
        lambda event, facts: None, ENVIRONMENT, repository=Repository(shop.store, shop.tree),
    )  # fmt: skip
    shop.tools = replace(
        shop.tools, settings=settings, client=client, issuer=replace(shop.tools.issuer, settings=settings.grants),
        connect=lambda servers: McpConnections(servers, os.environ),
    )  # fmt: skip
    return shop, Workdesk(shop.tools, "backend", shop.scope, Account("run-1", "7"), 5, ceiling), db


def left(db: Database) -> list[tuple[object, ...]]:
    return [tuple(row) for row in db.connection().execute("SELECT endpoint, tier FROM egress WHERE tier != 'local'")]


def heard(shop: Workshop) -> str:
    return shop.model.asked[1].messages[-1].text


def test_it_hears_no_secret_and_the_ledger_has_it(tmp_path: Path) -> None:
    shop, desk, db = shop_with(tmp_path, "frontier", words=f"why does {TOKEN} fail")
    assert desk.work("backend/write", UNIT, shop.tree, **FACTS).error == ""
    assert "asked: why does [" in heard(shop)
    assert TOKEN not in heard(shop)
    assert left(db) == [("mcp-notes", "frontier")]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"password": "Tr0ub4dor-3xyz"}, "{'password': '[redacted-"),
        ({"password": "hunters"}, "a secret stands in it"),
        (739201846573, "a secret stands in it"),
    ],
)
def test_a_secret_is_known_by_what_stands_beside_it_and_as_a_number(tmp_path: Path, words: object, told: str) -> None:
    shop, desk, _ = shop_with(tmp_path, "frontier", words=words)
    assert desk.work("backend/write", UNIT, shop.tree, **FACTS).error == ""
    assert told in heard(shop)
    assert not any(each in heard(shop) for each in ("Tr0ub4dor-3xyz", "hunters", "739201846573"))


def test_numbers_and_brackets_count_as_what_they_are(tmp_path: Path) -> None:
    shop, desk, db = shop_with(tmp_path, "frontier", words=[1] * 3_000)
    assert desk.work("backend/write", UNIT, shop.tree, **FACTS).error == ""
    assert "egress.frontier.run_kib" in heard(shop)
    assert left(db) == []


def test_lines_of_a_file_that_may_not_leave_are_not_sent(tmp_path: Path) -> None:
    shop, desk, db = shop_with(tmp_path, "frontier", words=f"what is this\n{SECRETS}")
    assert desk.work("backend/write", UNIT, shop.tree, **FACTS).error == ""
    assert "nothing was sent, because the prompt holds" in heard(shop)
    assert "asked:" not in heard(shop)
    assert left(db) == []
    assert any(event == "mcp_failed" and "secret/hosts.ini" in facts["why"] for event, facts in shop.notes)


def test_more_than_may_leave_is_not_sent(tmp_path: Path) -> None:
    shop, desk, db = shop_with(tmp_path, "frontier", words="z " * 4_000)
    assert desk.work("backend/write", UNIT, shop.tree, **FACTS).error == ""
    assert "egress.frontier.run_kib" in heard(shop)
    assert left(db) == []


def test_above_the_ceiling_it_is_not_even_offered(tmp_path: Path) -> None:
    shop, desk, _ = shop_with(tmp_path, "local", words="hello")
    assert desk.work("backend/write", UNIT, shop.tree, **FACTS).error == ""
    assert "there is no tool 'mcp__notes__find'" in heard(shop)
    assert ("mcp_failed", {"server": "notes", "why": "its tier frontier is above the ceiling local"}) in shop.notes


def test_a_url_gets_the_key_that_its_settings_name_and_no_other() -> None:
    said: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as door:
        web = sdk(command=(), env=(), url=f"http://127.0.0.1:{door.getsockname()[1]}/mcp", key_env="NOTES", start_s=2)
        connections = McpConnections({"web": web}, {"NOTES": "k-123", "OTHER": "hidden"})

        def listen() -> None:
            peer, _ = door.accept()
            with peer:
                said.append(peer.recv(65_536))

        listener = threading.Thread(target=listen)
        listener.start()
        try:
            with pytest.raises(McpFailed, match="web"):
                connections.tools("web")
        finally:
            connections.close()
            listener.join()
    assert b"authorization: bearer k-123\r\n" in said[0].lower()
    assert b"hidden" not in said[0]
