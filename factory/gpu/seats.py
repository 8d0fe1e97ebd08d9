"""The answers that requests for a model wait for. Every method is called under the fleet's lock."""

from concurrent.futures import Future

from factory.contracts.errors import Stopped
from factory.gpu.crew import Seat


class Seats:
    def __init__(self) -> None:
        self._open: dict[str, tuple[str, Future[Seat]]] = {}  # request -> what was asked for, and the answer

    def ask(self, request: str, model: str) -> "Future[Seat]":
        if request in self._open:
            raise ValueError(f"the request {request!r} has a seat or waits for one")
        answer: Future[Seat] = Future()
        self._open[request] = (model, answer)
        return answer

    def model(self, request: str) -> str:
        """What was asked for; '' when the request is gone."""
        return self._open.get(request, ("", None))[0]

    def give(self, request: str, seat: Seat) -> bool:
        """False: nobody waits for it any more."""
        _, answer = self._open.get(request, ("", None))
        if answer is None or not answer.set_running_or_notify_cancel():
            return False
        answer.set_result(seat)
        return True

    def refuse(self, request: str, problem: Stopped) -> None:
        """Of one that waits; the others know already."""
        _, answer = self._open.get(request, ("", None))
        if answer and not answer.done() and answer.set_running_or_notify_cancel():
            answer.set_exception(problem)

    def close(self, problem: Stopped) -> None:
        for request in list(self._open):
            self.refuse(request, problem)

    def drop(self, request: str) -> None:
        _, answer = self._open.pop(request, ("", None))
        if answer:
            answer.cancel()
