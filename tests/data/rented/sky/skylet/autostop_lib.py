from enum import Enum


class AutostopWaitFor(Enum):
    NONE = "none"
