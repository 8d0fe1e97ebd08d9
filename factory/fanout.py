"""Work side by side on a few threads: the line's only concurrency."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def side_by_side(jobs: Sequence[Callable[[], T]], threads: int) -> tuple[T, ...]:
    """The jobs' results in order. The first exception ends the wait; what has not begun is cancelled.

    An interrupt does not wait for threads that hang on a model's answer: the process ends without them (cli/go.py).
    """
    pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="line")
    futures = [pool.submit(job) for job in jobs]
    try:
        results = tuple(future.result() for future in futures)
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    except BaseException:
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown()
    return results
