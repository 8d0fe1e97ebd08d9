"""Orders to the box through the port (another profile, a lease of memory): for callers on this machine only."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from factory.contracts.record import Json
from factory.serve.app import whole_body
from factory.serve.door import Door
from factory.serve.errors import Refused
from factory.serve.exchange import ClientGone

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

Answer = Callable[[str, str, bytes], tuple[int, Json]]
LOCAL = ("127.0.0.1", "::1")
MOST_BYTES = 65_536
THREADS = 16  # an order for a lease waits in one until there is room


class Orders:
    """`answer(method, path, body)` blocks; it is called in a thread. None: this server keeps no engines."""

    def __init__(self, door: Door, answer: Answer | None) -> None:
        self._door, self._ask = door, answer
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="order")

    async def answer(self, request: "Request") -> "Response":
        from starlette.responses import JSONResponse

        try:
            self._door.who(dict(request.scope["headers"]))
        except Refused as refusal:
            return JSONResponse({"error": {"message": str(refusal)}}, refusal.status)
        if request.client is None or request.client.host not in LOCAL:
            return JSONResponse({"error": {"message": "Orders are taken from this machine only."}}, 403)
        if self._ask is None:
            return JSONResponse({"error": {"message": "This server keeps no engines: it has no [models]."}}, 404)
        try:
            body = await whole_body(request.receive, dict(request.scope["headers"]), MOST_BYTES)
        except (Refused, ClientGone):
            return JSONResponse({"error": {"message": "The order is too large, or did not come whole."}}, 413)
        loop = asyncio.get_running_loop()
        status, value = await loop.run_in_executor(self._threads, self._ask, request.method, request.url.path, body)
        return JSONResponse(value, status)
