import warnings

from .headers import Range


def _old_range(value, closed_end=True):
    warnings.warn("Use Range.read instead.", DeprecationWarning, stacklevel=2)
    return Range.read(value)


print(_old_range("bytes=0-1"))
