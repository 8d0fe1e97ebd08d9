"""The status page's routes: who may see it, the page, its live events, and logging in with a key.

Without keys it is open, as the port is. With keys a browser logs in once: the key is checked like any request's, and
the cookie holds a random session id. A request with the key in its headers is let in, too.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from factory.serve.board import Board
from factory.serve.door import Door, Headers
from factory.serve.errors import Refused
from factory.serve.page import Page
from factory.serve.status import Snapshot
from factory.serve.visitors import LASTS_S, Visitors

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

COOKIE = "factory_session"
PACE_S = 1.0  # between two looks
SILENT_S = 15.0  # without news a line is sent nevertheless, so that nobody in between hangs up
VIEWERS = 64
MOST_BYTES = 4096  # of the form
HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # with no-referrer a browser would send the form with the origin `null`
}


class Front:
    """One for the gateway."""

    def __init__(self, door: Door, board: Board, visitors: Visitors) -> None:
        self._door, self._board, self._visitors = door, board, visitors
        self._page, self._boot = Page(), secrets.token_hex(4)
        self._shown: tuple[Snapshot, dict[str, str]] = (Snapshot(""), {})
        self.viewers = 0

    def routes(self) -> list["Route"]:
        from starlette.routing import Route

        return [
            Route("/", self.home),
            Route("/events", self.events),
            Route("/login", self.login, methods=["GET", "POST"]),
            Route("/logout", self.logout, methods=["POST"]),
        ]

    async def home(self, request: "Request") -> "Response":
        from starlette.responses import RedirectResponse

        try:
            key = self._who(request)
        except Refused as refusal:
            if refusal.kind == "authentication" and not _said(request):
                return RedirectResponse("/login", 303, HEADERS)
            return _refused(refusal)
        nonce = secrets.token_urlsafe(16)
        return _html(self._page.whole(await self._board.snapshot(), nonce, self._boot, key), nonce)

    async def events(self, request: "Request") -> "Response":
        from starlette.responses import StreamingResponse

        try:
            self._who(request)
            if self.viewers >= VIEWERS:
                raise Refused("overloaded", "Too many pages are open: close some.", 60.0)
        except Refused as refusal:
            return _refused(refusal)
        headers = HEADERS | {"x-accel-buffering": "no"}
        return StreamingResponse(self._news(request), headers=headers, media_type="text/event-stream")

    async def _news(self, request: "Request") -> AsyncIterator[str]:
        """All sections first, then those that changed, until the viewer goes, may no longer look, or we close."""
        before, silent = dict[str, str](), 0.0
        self.viewers += 1
        try:
            while not self._board.closed.is_set() and self._may_look(request):
                seen = await self._board.snapshot()
                sections = self._sections(seen)
                new = {name: html for name, html in sections.items() if before.get(name) != html}
                before, silent = sections, 0.0 if new else silent + PACE_S
                if new:
                    yield f"data: {json.dumps({'boot': self._boot, 'at': seen.at, 'sections': new})}\n\n"
                elif silent >= SILENT_S:
                    silent = 0.0
                    yield ": still here\n\n"
                await self._pause()
        finally:
            self.viewers -= 1

    def _sections(self, seen: Snapshot) -> dict[str, str]:
        """Rendered once for all who watch."""
        if self._shown[0] is not seen:
            self._shown = (seen, self._page.sections(seen))
        return self._shown[1]

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(PACE_S):
                await self._board.closed.wait()
        except TimeoutError:
            return

    async def login(self, request: "Request") -> "Response":
        from starlette.responses import RedirectResponse

        try:
            self._own_page(request)
            if not self._door.settings.keys:
                return RedirectResponse("/", 303, HEADERS)
            if request.method == "POST":
                return await self._enter(request)
        except Refused as refusal:
            if refusal.kind in ("permission", "too_large"):
                return _refused(refusal)
            return self._form(refusal)
        return self._form()

    async def _enter(self, request: "Request") -> "Response":
        """Raises Refused: a wrong key, or too many of them."""
        from starlette.responses import RedirectResponse

        address = request.client.host if request.client else ""
        wait = self._visitors.wait_s(address)
        if wait:
            raise Refused("rate_limit", f"Too many wrong keys: try again in {wait:.0f} seconds.", wait)
        said = (await _form_field(request, "key")).strip().encode()
        try:
            name, _ = self._door.who({**_headers(request), b"x-api-key": said, b"authorization": b""})
        except Refused as refusal:
            if refusal.kind == "authentication":
                self._visitors.wrong(address)
            raise
        answer = RedirectResponse("/", 303, HEADERS)
        answer.set_cookie(
            COOKIE, self._visitors.enter(name), max_age=int(LASTS_S), path="/", httponly=True, samesite="strict",
            secure=_https(request),
        )  # fmt: skip
        return answer

    async def logout(self, request: "Request") -> "Response":
        from starlette.responses import RedirectResponse

        try:
            self._own_page(request)
        except Refused as refusal:
            return _refused(refusal)
        self._visitors.leave(request.cookies.get(COOKIE, ""))
        answer = RedirectResponse("/", 303, HEADERS)
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return answer

    def _who(self, request: "Request") -> str:
        """The name of the key that looks; '' where there are none. Raises Refused."""
        headers = _headers(request)
        self._door.same_site(headers)
        key = self._visitors.key(request.cookies.get(COOKIE, ""))
        return key if key is not None else self._door.who(headers)[0]

    def _may_look(self, request: "Request") -> bool:
        try:
            self._who(request)
        except Refused:
            return False
        return True

    def _own_page(self, request: "Request") -> None:
        """Forms come from this gateway's own pages: another port of the same host is another page's."""
        self._door.same_site(_headers(request))
        if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none") and request.method == "POST":
            raise Refused("permission", "Requests from other sites' pages are refused.")

    def _form(self, refusal: Refused | None = None) -> "Response":
        nonce = secrets.token_urlsafe(16)
        answer = _html(self._page.login(nonce, str(refusal) if refusal else ""), nonce)
        if refusal:
            answer.status_code = refusal.status
        return answer


def _html(text: str, nonce: str) -> "Response":
    from starlette.responses import HTMLResponse

    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
        "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(text, headers=HEADERS | {"content-security-policy": policy})


def _refused(refusal: Refused) -> "Response":
    from starlette.responses import Response

    headers = {name.decode(): value.decode() for name, value in refusal.headers()}
    return Response(refusal.body("chat"), refusal.status, HEADERS | headers, "application/json")


def _headers(request: "Request") -> Headers:
    return dict(request.scope["headers"])


def _https(request: "Request") -> bool:
    """As the browser sees it: something in between may end the encryption."""
    origin, proto = request.headers.get("origin", ""), request.headers.get("x-forwarded-proto", "")
    return request.url.scheme == "https" or origin.startswith("https://") or proto == "https"


def _said(request: "Request") -> bool:
    """It came with a key of its own: a program, which a form would not help."""
    return bool({"authorization", "x-api-key"} & set(request.headers.keys()))


async def _form_field(request: "Request", name: str) -> str:
    """Of a form sent as application/x-www-form-urlencoded; '' when it is not there. Raises Refused('too_large')."""
    raw = b""
    async for part in request.stream():
        raw += part
        if len(raw) > MOST_BYTES:
            raise Refused("too_large", "The form is too large.")
    try:
        fields = parse_qs(raw.decode("latin-1"), max_num_fields=10)
    except ValueError:
        raise Refused("invalid_request", "The form has too many fields.") from None
    return fields.get(name, [""])[0]
