"""Settings of the gateway: where it listens, who may ask, and how much."""

from decimal import Decimal

from factory.contracts.model import Tier
from factory.contracts.record import Field, Record


class KeySettings(Record):
    """One developer (or one program) that may use the port."""

    sha256: str = Field(
        pattern="^[0-9a-f]{64}$", description="of the key, in hex; `factory serve key NAME` makes one and prints both"
    )
    ceiling: Tier = Field(default="local", description="highest tier this key may ask for")
    unasked: Tier = Field(default="local", description="highest tier of a request that does not name one")
    day_usd: Decimal | None = Field(default=Decimal(0), ge=0, description="dollars a UTC day; 0 = nothing paid")
    day_tokens: int | None = Field(default=None, ge=0, description="tokens a UTC day, in and out, all tiers")
    share: float = Field(default=1.0, gt=0, description="weight against other keys when requests wait")
    batch: bool = Field(default=False, description="background work: waits behind people unless a request says else")
    reason: bool = Field(default=False, description="may use the tool `reason`")


class ServeSettings(Record):
    """The one port for every model."""

    host: str = Field(default="127.0.0.1", description="address to listen on; beyond loopback only with keys")
    port: int = Field(default=4100, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    names: tuple[str, ...] = Field(default=(), description="further host names under which clients may call it")
    keys: dict[str, KeySettings] = Field(default={}, description="who may ask; none = anybody on this machine")
    ceiling: Tier = Field(default="local", description="without keys: highest tier a request may ask for")
    unasked: Tier = Field(default="local", description="without keys: highest tier of a request that names none")
    max_body_mib: float = Field(default=32, gt=0, description="largest request body")
    max_requests: int = Field(default=512, ge=1, description="requests at once, waiting ones included")
    max_wait_s: float = Field(default=120, gt=0, description="a request that would wait longer gets 429 at once")
    aging_s: float = Field(default=20, gt=0, description="seconds of waiting that are worth one step of priority")
    patience_s: float = Field(
        default=15, ge=0, description="after so long the first in the queue is no longer overtaken by smaller ones"
    )
    answer_tokens: int = Field(
        default=4096, ge=1, description="tokens an answer is given room for at most; the engine preempts a longer one"
    )
    log_prompts: bool = Field(default=False, description="write prompts and answers into the log, too")
    profile: str = Field(default="dev", description="profile that the models of [models] start with")
    reason_ceiling: Tier = Field(default="local", description="highest tier that the tool `reason` may reach")
