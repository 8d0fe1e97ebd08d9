"""What the SDKs raise, as our own errors. Both SDKs name their exceptions alike."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import ModuleType
from typing import Any

from factory.contracts.errors import BadReply, ModelProblem, RateLimited, Refused, ServerFault, Unreachable, WrongKey
from factory.contracts.model import Endpoint
from factory.llm.problems import CutOff, billed
from factory.llm.providers.wire import http_of

LONGEST_MESSAGE = 300
IN_STREAM = {"rate_limit_error": 429, "overloaded_error": 529, "api_error": 500, "timeout_error": 504}


@contextmanager
def sdk_faults(sdk: ModuleType, endpoint: Endpoint) -> Iterator[list[Any]]:
    """Turns everything `sdk` (openai or anthropic) and its HTTP library raise into a ModelProblem.

    Yields the list of responses that have begun to answer: a problem after that may be billed.
    """
    opened: list[Any] = []
    try:
        with _translated(sdk, endpoint):
            yield opened
    except ModelProblem as problem:
        if opened:
            billed(problem)
        raise


@contextmanager
def _translated(sdk: ModuleType, endpoint: Endpoint) -> Iterator[None]:
    http = http_of(sdk)
    try:
        yield
    except sdk.APIStatusError as error:
        raise _by_status(endpoint, error) from error
    except sdk.APIResponseValidationError as error:
        raise BadReply(f"{endpoint.name} answered with something that is not JSON: {_short(error)}") from error
    except sdk.APIConnectionError as error:
        raise _connection(endpoint, error.__cause__ or error) from error
    except sdk.APIError as error:  # an error event in the middle of a stream
        code = str(getattr(error, "code", None) or "")
        status = int(code) if code.isdigit() else 500
        raise _problem(endpoint, status, _short(error), {}, streaming=True) from error
    except (http.HTTPError, http.StreamError) as error:
        raise _connection(endpoint, error) from error
    except (ValueError, TypeError, AttributeError, LookupError) as error:  # JSON that is none, or of another shape
        raise BadReply(
            f"{endpoint.name} answered with something that is not the wire's JSON: {_short(error)}"
        ) from error


def _by_status(endpoint: Endpoint, error: Any) -> ModelProblem:
    status = int(error.status_code)
    if 300 <= status < 400:
        there = " ".join(error.response.headers.get("location", "").split())[:LONGEST_MESSAGE] or "another address"
        return Refused(
            f"{endpoint.name} says {status} and points to {there}; redirects are not followed, so that no prompt goes "
            f"elsewhere: set its url to the server's real address"
        )
    streaming = status < 400  # Anthropic's error events come with the status of the stream
    if streaming:
        status = IN_STREAM.get(str(getattr(error, "type", "")), 500)
    return _problem(endpoint, status, _short(error), error.response.headers, streaming)


def _problem(
    endpoint: Endpoint, status: int, message: str, headers: Mapping[str, str], streaming: bool
) -> ModelProblem:
    if status == 429:
        return RateLimited(f"{endpoint.name} says 429, too many requests: {message}", retry_after(headers))
    if status in (401, 403):
        return WrongKey(f"{status}: {message}")
    if status >= 500 or status in (408, 409):
        if streaming:
            return CutOff(f"{endpoint.name} broke off with an error: {message}")
        return ServerFault(f"{endpoint.name} says {status}: {message}", retry_after(headers))
    return Refused(f"{endpoint.name} says {status}: {message}")


def _connection(endpoint: Endpoint, cause: BaseException) -> ModelProblem:
    name = type(cause).__name__
    where = f"{endpoint.name} at {endpoint.url}" if endpoint.url else endpoint.name
    if name in ("ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol", "ProxyError"):
        return Unreachable(f"{where} cannot be reached ({cause or name}): is it running?")
    return CutOff(f"{where}: the connection broke ({cause or name})")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds a server asks to wait, from `retry-after-ms` or `retry-after` (seconds or a date); None = not said."""
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        if "retry-after" not in headers:
            return None
        text = headers["retry-after"].strip()
        if text.replace(".", "", 1).isdigit():
            return float(text)
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _short(error: BaseException) -> str:
    """One line of a server's own words; a web page is only named."""
    text = " ".join(str(error).split())
    if "<html" in text.lower() or "<!doctype" in text.lower():
        return "a web page (HTML) instead of JSON"
    return text[:LONGEST_MESSAGE]
