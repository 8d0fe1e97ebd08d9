"""Measures a serving endpoint: first token, decode, prefill, a warm prefix, several requests at once.

What it gives is a row of the schema of the measured deployments (tests/data/capacity_truth.json): rates in tokens/s,
`ttft_ms` in milliseconds, `ttft_s_*` in seconds. Prefill is prompt tokens over the time to the first token; decode is
the tokens after the first over the time after it; `agg_tps` is all tokens written over the time all of them took.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from statistics import median
from time import perf_counter
from typing import Protocol

from factory.contracts.errors import Refused, UsageProblem
from factory.contracts.record import Json

SHAPES = ("short", "code", "16k", "64k")
PROMPTS = {"16k": 16_000, "64k": 64_000}  # tokens
ANSWER = 400  # tokens that are decoded for a rate
FEW = 16  # tokens after a long prompt: only the first is timed
SHORTS = 3  # short answers, of which the median counts
WARM_UP = 2000  # tokens
MOST_LONGER = 4.0  # a vocabulary that is further off than this is none of a language model's
SPARE = 1.02  # a prompt may come out so much longer than its words are counted
TEMPLATE = 64  # tokens that a chat template adds, at most
ONE_PIECE = 0.01  # share of an answer's time: what comes within it did not stream
SENTENCE = 12  # words
WORDS = (
    "time year people way day man thing woman life child world school state family student group country problem hand "
    "part place case week company system program question work government number night point home water room mother "
    "area money story fact month lot right study book eye job word business issue side kind head house service friend "
    "father power hour game line end member law car city"
)  # each is one token in the usual vocabularies, with the blank before it; what others make of it is measured


class Timing(Protocol):
    """What one timed request gave: seconds from sending it, counts in tokens."""

    @property
    def first_s(self) -> float: ...
    @property
    def total_s(self) -> float: ...
    @property
    def prompt(self) -> int: ...
    @property
    def output(self) -> int: ...
    @property
    def counted(self) -> bool: ...


Ask = Callable[[str, int], Timing]
"""Sends (prompt, most tokens to answer with) and times it. Called from several threads at once."""


def measure(
    ask: Ask,
    *,
    unique: str,
    shapes: Sequence[str] = SHAPES,
    parallel: Sequence[int] = (1, 2, 4, 8),
    context: int | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Json:
    """The measured part of a row. `unique` makes the prompts new to the server's prefix cache: another each time.

    `context`: tokens of the longest request, None = not known. What is too long or refused as such is named under
    `left_out`. Raises UsageProblem for an unknown shape or count, and the ModelProblem of the first request that fails.
    """
    _check(shapes, parallel)
    run = _Run(ask, unique, context, tell)
    run.warm_up()
    row: Json = {}
    if "short" in shapes:
        row |= run.short()
    if "code" in shapes:
        row |= run.code(row.pop("decode_tps", [None, None])[0])
    for shape, tokens in PROMPTS.items():
        if shape in shapes:
            row |= run.long(shape, tokens)
    if parallel:
        row["agg_tps"] = {str(many): run.together(many) for many in parallel}
    return row | run.remarks()


class _Run:
    """One measurement: what it asks, and what is to be said about it."""

    def __init__(self, ask: Ask, unique: str, context: int | None, tell: Callable[[str], None]) -> None:
        self._ask, self._unique, self._context, self._tell = ask, unique, context, tell
        self._left_out: list[str] = []
        self._uncounted = False
        self._longer = 1.0  # tokens the server counts for one that was meant: vocabularies differ

    def warm_up(self) -> None:
        """What is asked first is not timed; it shows how the server counts."""
        self._tell("warming up")
        meant = min(WARM_UP, self._context // 8) if self._context else WARM_UP
        found = self.asked(prompt(meant, self._name("warm-up")), FEW)
        self._longer = min(MOST_LONGER, max(1 / MOST_LONGER, found.prompt / meant)) if found.prompt else 1.0

    def short(self) -> Json:
        self._tell("short answer")
        found = [self.timed(f"short {each}", 100, ANSWER) for each in range(SHORTS)]
        return {
            "ttft_ms": round(1000 * median(each.first_s for each in found)),
            "decode_tps": [_median_rate(found), None],
        }

    def code(self, narrative: float | None) -> Json:
        self._tell("code answer")
        found = [self.asked(code_prompt(self._name(f"code {each}")), ANSWER) for each in range(SHORTS)]
        return {"decode_tps": [narrative, _median_rate(found)]}

    def long(self, shape: str, tokens: int) -> Json:
        """A prompt the server has not seen, and for the longest the same one again."""
        if self._context and tokens * SPARE + TEMPLATE + FEW > self._context:
            self._left_out.append(f"{shape}: the endpoint takes {self._context:,} tokens at most")
            return {}
        text = prompt(round(tokens / self._longer), self._name(shape))
        try:
            self._tell(f"{shape} prompt, cold")
            cold = self.asked(text, FEW)
        except Refused as problem:
            self._left_out.append(f"{shape}: {problem}")
            return {}
        row: Json = {f"prefill_tps_{shape}": round((cold.prompt or tokens) / cold.first_s)}
        if shape == "64k":
            self._tell(f"{shape} prompt, warm")
            warm = self.asked(text, FEW)
            row |= {"ttft_s_64k": round(cold.first_s, 2), "ttft_s_64k_warm": round(warm.first_s, 2)}
        return row | {f"prompt_tokens_{shape}": cold.prompt or tokens}

    def together(self, many: int) -> float:
        """Tokens/s of `many` answers at once, all of them."""
        self._tell(f"{many} at once")
        prompts = [story_prompt(100, self._name(f"{many} at once, {each}")) for each in range(many)]
        begun = perf_counter()
        with ThreadPoolExecutor(many) as pool:
            found = list(pool.map(lambda text: self.asked(text, ANSWER), prompts))
        return round(sum(each.output for each in found) / (perf_counter() - begun), 1)

    def timed(self, name: str, tokens: int, answer: int) -> Timing:
        return self.asked(story_prompt(tokens, self._name(name)), answer)

    def asked(self, text: str, answer: int) -> Timing:
        found = self._ask(text, answer)
        self._uncounted = self._uncounted or not found.counted
        return found

    def remarks(self) -> Json:
        made: Json = {"left_out": self._left_out} if self._left_out else {}
        if self._uncounted:
            made["note"] = "the server counts no tokens: the stream's parts were counted instead, rates may be low"
        return made

    def _name(self, what: str) -> str:
        return f"{self._unique} {what}"


def prompt(tokens: int, unique: str) -> str:
    """About `tokens` tokens of plain words that nobody has sent before: they follow from `unique`, which begins it."""
    return f"Notes {unique}:" + "".join(_sentences(unique, tokens)) + " Say in one sentence what this is."


def story_prompt(tokens: int, unique: str) -> str:
    """Asks for a long narrative answer about `tokens` tokens of words."""
    return f"{prompt(tokens, unique)} Then go on with a story of at least 600 words."


def code_prompt(unique: str) -> str:
    """Asks for a long answer of code, which drafts are accepted in more often than in prose."""
    return (
        f"Task {unique}: write a Python module with a class for a bounded queue on disk, a command line for it and its "
        f"unit tests. Answer with the code only, at least 120 lines."
    )


def _sentences(unique: str, tokens: int) -> Iterator[str]:
    """Sentences whose words a hash chooses: the same for the same `unique`, on every machine."""
    words = WORDS.split()
    for turn in range(max(1, tokens // (SENTENCE + 1))):
        chosen = sha256(f"{unique} {turn}".encode()).digest()[:SENTENCE]
        yield " " + " ".join(words[byte % len(words)] for byte in chosen) + "."


def _median_rate(found: Sequence[Timing]) -> float | None:
    """Tokens/s after the first token; None where the answers came in one piece, as from a proxy that gathers them."""
    streamed = [each for each in found if each.total_s - each.first_s > ONE_PIECE * each.total_s]
    rates = [(each.output - 1) / (each.total_s - each.first_s) for each in streamed]
    return round(median(rates), 1) if rates else None


def _check(shapes: Sequence[str], parallel: Sequence[int]) -> None:
    for shape in shapes:
        if shape not in SHAPES:
            raise UsageProblem(f"--shapes {shape!r} is not one of: {', '.join(SHAPES)}.")
    if any(not 1 <= many <= 256 for many in parallel):
        raise UsageProblem("--parallel takes numbers of requests from 1 to 256, for example 1,2,4,8.")
