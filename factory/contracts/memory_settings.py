"""Settings of the memory of earlier runs."""

from factory.contracts.record import Field, Record


class MemorySettings(Record):
    """What is remembered of earlier runs, for how long, and how much of it a model is shown."""

    enabled: bool = Field(default=True, description="observe runs and recall lessons")
    share: float = Field(default=0.1, ge=0, le=0.1, description="of a pack's tokens that lessons may take; at most 0.1")
    most_shown: int = Field(default=12, ge=0, le=64, description="lessons in one pack at most")
    half_life_days: float = Field(default=60, gt=0, description="days after which an unconfirmed lesson counts half")
    dormant_below: float = Field(default=0.1, ge=0, le=1, description="decayed weight below which one is not recalled")
    keep_days: float = Field(default=365, gt=0, description="days after which what was observed is deleted")
    per_repository: int = Field(default=300, ge=1, description="lessons of one repository that may be recalled")
    observations: int = Field(default=5_000, ge=1, description="observations kept of one repository, the newest")
    in_all: int = Field(default=50_000, ge=1, description="observations kept of all repositories together")
    shared_approvals: bool = Field(
        default=False, description="prose approved on another machine counts as approved here too"
    )
