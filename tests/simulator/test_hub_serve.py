"""The GitHub double's front: who asks, what may be seen, pages, dates, Apps; PyGithub as the client."""

import base64
import json
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import github
import jwt
import pytest

from factory.simulator.hub import apps
from tests.keypairs import app_keypair
from tests.simulator.hubs import START, world


def test_wrong_expired_and_missing_tokens_are_401(tmp_path: Path) -> None:
    """GHA-06."""
    with world(tmp_path) as w:
        short = w.hub.token("wanda", lasts=60)
        assert w.ask("GET", "", short).status_code == 200
        w.hub.extras["moment"][0] += 61
        assert w.ask("GET", "", short).json()["message"] == "Bad credentials"
        assert w.ask("GET", "", "ghp_nobody").status_code == 401
        assert w.ask("GET", "").status_code == 401


@pytest.mark.parametrize("sent", [b"", b'{"body": "ha'])
def test_what_a_client_that_died_in_the_middle_had_sent_is_no_request(tmp_path: Path, sent: bytes) -> None:
    """CRS-02: nothing is done, and nothing is held against it."""
    with world(tmp_path) as w:
        number = w.ask("POST", "/issues", w.hub.token("wanda"), {"title": "One"}).json()["number"]
        before = len(w.hub.requests)
        where = urlsplit(w.hub.url)
        with socket.create_connection((where.hostname, where.port)) as line:
            path = f"{where.path}/repos/{w.repo.full_name}/issues/{number}/comments"
            line.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n".encode() + sent)
            line.shutdown(socket.SHUT_WR)
            assert line.recv(100) == b""
        assert len(w.hub.requests) == before
        assert w.hub.violations == []


def test_a_private_repository_is_404_for_strangers_and_a_public_one_is_not(tmp_path: Path) -> None:
    with world(tmp_path / "a") as w:
        assert w.ask("GET", "/issues", w.hub.token("stranger")).status_code == 404
        assert w.ask("GET", "/issues", w.hub.token("rita")).status_code == 200
    with world(tmp_path / "b", private=False) as w:
        assert w.ask("GET", "/issues", w.hub.token("stranger")).status_code == 200
        assert w.ask("GET", "/issues").status_code == 200


def test_a_token_of_one_repository_sees_no_other(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        w.hub.repository("octo/secret")
        assert w.ask("GET", "/repos/octo/secret", w.actions()).status_code == 404
        assert w.ask("GET", "/repos/octo/secret", w.hub.token("octo")).status_code == 200


def test_date_is_the_hubs_clock_and_requests_are_counted(tmp_path: Path) -> None:
    """ACT-11: comparisons go by the server's clock."""
    with world(tmp_path) as w:
        token = w.actions()
        first, second = w.ask("GET", "/issues", token), w.ask("GET", "/issues", token)
        assert first.headers["date"] == "Fri, 21 Nov 2025 04:40:00 GMT"
        assert first.headers["x-ratelimit-limit"] == "1000"
        assert int(first.headers["x-ratelimit-remaining"]) - int(second.headers["x-ratelimit-remaining"]) == 1
        assert w.hub.requests[-1] == ("GET", "/repos/octo/shop/issues", 200, "github-actions[bot]")


def test_lists_are_paged_with_links(tmp_path: Path) -> None:
    """GHA-12: a marker on a late page is found by following the links."""
    with world(tmp_path) as w:
        w.hub.limits.secondary = False
        remote = w.remote(w.actions())
        issue = remote.create_issue("many")
        for number in range(130):
            issue.create_comment(f"comment {number}")
        path = f"/issues/{issue.number}/comments"
        first = w.ask("GET", f"{path}?per_page=50", w.actions())
        assert len(first.json()) == 50
        assert sorted(first.links) == ["last", "next"]
        last = w.ask("GET", first.links["last"]["url"].partition("/shop")[2], w.actions())
        assert [each["body"] for each in last.json()][-1] == "comment 129"
        assert sorted(last.links) == ["first", "prev"]
        assert [each.body for each in issue.get_comments()] == [f"comment {number}" for number in range(130)]
        assert len(w.ask("GET", path, w.actions()).json()) == 30


def test_more_than_a_hundred_a_page_is_capped(tmp_path: Path) -> None:
    with world(tmp_path, odd=True) as w:
        w.hub.limits.secondary = False
        remote = w.remote(w.actions())
        for number in range(101):
            remote.create_issue(f"issue {number}")
        assert len(w.ask("GET", "/issues?per_page=1000", w.actions()).json()) == 100


@pytest.mark.parametrize(
    ("login", "permission", "role"),
    [("wanda", "write", "write"), ("tria", "read", "triage"), ("mina", "write", "maintain"), ("octo", "admin", "admin"),
     ("stranger", "none", "none"), ("carla", "write", "release-lead")],
)  # fmt: skip
def test_role_name_says_more_than_permission(tmp_path: Path, login: str, permission: str, role: str) -> None:
    """TRG-01, TRG-02: triage reads as `read`; a custom role is called by its own name."""
    with world(tmp_path) as w:
        w.repo.custom_roles["release-lead"] = "write"
        w.hub.user("carla", role="release-lead")
        remote = w.remote(w.actions(issues="read"))
        assert remote.get_collaborator_permission(login) == permission
        assert remote.get_collaborator_role_name(login) == role


def test_permission_of_nobody_is_404(tmp_path: Path) -> None:
    """TRG-14."""
    with world(tmp_path) as w:
        assert w.ask("GET", "/collaborators/ghost/permission", w.actions()).status_code == 404


def _word(app: int, key: str, start: float = START, lasts: float = 540) -> str:
    return jwt.encode({"iss": str(app), "iat": int(start) - 30, "exp": int(start + lasts)}, key, algorithm="RS256")


def test_an_app_exchanges_its_signed_word_for_a_token_that_lives_an_hour(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        private, public = app_keypair()
        app = apps.register(w.hub, "dark-factory", {"issues": "write", "contents": "write"}, w.repo, pem=public)
        word = _word(app.id, private)
        found = w.ask("GET", "/installation", word).raise_for_status().json()
        path = f"/app/installations/{found['id']}/access_tokens"
        made = w.ask("POST", path, word, {"permissions": {"issues": "write"}}).raise_for_status().json()
        assert made["permissions"] == {"issues": "write"}
        issue = w.remote(made["token"]).create_issue("by an app")
        assert (issue.user.login, issue.user.type) == ("dark-factory[bot]", "Bot")
        assert w.events("issues") == [("issues", "opened", "yes")]
        assert w.ask("GET", "/git/ref/heads/main", made["token"]).status_code == 403
        assert w.ask("POST", path, word, {"permissions": {"checks": "write"}}).status_code == 422
        w.hub.extras["moment"][0] += 3601
        assert w.ask("GET", "", made["token"]).status_code == 401


def test_words_of_an_app_that_are_forged_late_or_too_long_are_401(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        private, public = app_keypair()
        other, _ = app_keypair()
        app = apps.register(w.hub, "dark-factory", {"issues": "write"}, w.repo, pem=public)
        none = ".".join(
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
            for part in ({"alg": "none"}, {"iss": app.id, "iat": START, "exp": START + 60}, "")
        )
        for word in (
            _word(app.id, other), _word(app.id, private, START - 7200), _word(app.id, private, lasts=7200),
            _word(app.id, private, START + 3600), _word(1, private), none,
        ):  # fmt: skip
            assert w.ask("GET", "/installation", word).status_code == 401
        assert w.ask("GET", "/issues", _word(app.id, private)).status_code in (401, 403)


def test_pygithub_gets_its_own_app_token(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        private, public = app_keypair()
        app = apps.register(w.hub, "dark-factory", {"issues": "write"}, w.repo, pem=public)
        w.hub.extras["moment"][0] = time.time()  # PyGithub signs with the machine's own clock
        auth = github.Auth.AppAuth(app.id, private).get_installation_auth(next(iter(app.installations)))
        client = github.Github(auth=auth, base_url=w.served.url, retry=None)
        assert client.get_repo("octo/shop").create_issue("x").user.login == "dark-factory[bot]"


def test_no_route_bad_json_and_unknown_users_are_refused(tmp_path: Path) -> None:
    with world(tmp_path, odd=True) as w:
        token = w.actions()
        assert w.ask("GET", "/nothing/here", token).status_code == 404
        assert w.ask("GET", "/users/ghost", token).status_code == 404
        assert w.ask("GET", "/issues/999", token).status_code == 404
        assert w.ask("GET", "/issues/seven", token).status_code in (404, 422)
        bad = w.clients[0].post(f"{w.served.url}/repos/octo/shop/issues", content=b"{",
                                headers={"Authorization": f"Bearer {token}"})  # fmt: skip
        assert bad.status_code == 400


def test_who_am_i_is_for_people_only(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        assert w.ask("GET", "/user", w.hub.token("wanda")).json()["login"] == "wanda"
        assert w.ask("GET", "/user", w.actions()).status_code == 403


def test_a_hundred_comments_take_seconds_at_most(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        w.hub.limits.primary = w.hub.limits.secondary = False
        token = w.actions()
        number = w.remote(token).create_issue("x").number
        started = time.perf_counter()
        for _ in range(100):
            w.ask("POST", f"/issues/{number}/comments", token, {"body": "x"}).raise_for_status()
        assert time.perf_counter() - started < 5  # 0.2 s on an idle machine
