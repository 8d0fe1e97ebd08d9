"""What may become part of a lesson's text: shapes that are checked before a fact is kept, here and on arrival.

A path, a rule or a symbol comes from a repository or from a model, and what looks like a name can carry a sentence.
So names must look like names, and a model's rule counts only when it is made of words from a list of ours.
"""

import re

_PATH = re.compile(r"[\w@+.,()\[\]=~/-]{1,200}")
_SYMBOL = re.compile(r"[\w.$:]{1,120}")
_TOOL = re.compile(r"[a-z][a-z0-9._-]{0,39}")
_CODE = re.compile(r"(?:[A-Z]{1,5}\d{1,5}|CWE-\d{1,5}|[STRIDE])")
MEASURED = ("lint", "types", "tests", "build", "collect", "ruff", "mypy", "bandit")  # sources that are no model
_RULE = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,39}")
WORDS = frozenset(
    "access api assertion async auth authentication authorization blocking bounds boundary bug cache case check clock "
    "comparison concurrency condition config contract correctness coverage crash credentials csrf data dead deadlock "
    "default dependency deserialization division doc docs documentation dos duplicate edge empty encoding error escape "
    "escaping exception format hardcoded handling html import index infinite information injection input integer leak "
    "length limit lock logging logic loop magic memory missing mutable name naming null number off one open order "
    "output overflow parameter parsing path performance permission precision quadratic race range redirect regex "
    "regression resource return rounding secret security shell sign spoofing sql state string style tampering test "
    "tests thread time timeout timezone traversal truncation type types unbounded unchecked undefined unhandled "
    "unicode unreachable unsafe untested unused unvalidated url validation value wrong xss zero".split()
)
_DROP = "(?:ignore|disregard|forget|override|bypass)"
_SHAPES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{_DROP}\b.{{0,40}}\b(?:previous|above|prior|earlier|instructions?|prompts?)\b",
        rf"\b{_DROP} (?:(?:all|any|the|your|my|these|those|of) )+(?:\w+ ){{0,3}}rules?\b",
        r"\b(?:system|developer) (?:prompt|message|role)\b",
        r"\byou are (?:now|no longer)\b",
        r"\b(?:new|updated|real|following) instructions?\b",
        r"\b(?:act|respond|behave) as\b",
        r"\b(?:do not|don t|never) (?:tell|mention|reveal|report)\b",
        r"^\s*(?:system|assistant|user|human|tool)\s+",
    )
)
_TOKENS = re.compile(
    r"```|~~~|<\|[^>]{0,40}\|>|\[/?INST\]|<</?SYS>>|</?s>|</?(?:system|assistant|user|tool|lesson|untrusted)\b|<{5,}|>{5,}|"
    r"^\s*(?:system|assistant|user|human|tool)\s*:|^\s*#{1,6}\s*(?:edit|instructions?|system)\b",
    re.IGNORECASE | re.MULTILINE,
)  # fmt: skip
_HIDDEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f\ud800-\udfff]"
)


def plain_path(path: str) -> bool:
    """A repository path that can be shown in a sentence: no blanks, no quotes, inside the repository, no sentence."""
    if not _PATH.fullmatch(path) or path.startswith("/"):
        return False
    return ".." not in path.split("/") and not suspicious(path)


def plain_symbol(name: str) -> bool:
    return bool(_SYMBOL.fullmatch(name)) and not suspicious(name)


def plain_tool(name: str) -> bool:
    return bool(_TOOL.fullmatch(name)) and not suspicious(name)


def rule_of(tool: str, rule: str) -> str:
    """The rule as it may be kept; '' for one in a model's own words."""
    if known_rule(tool, rule):
        return rule
    slug = "-".join(re.findall(r"[a-z0-9]+", rule.lower()))
    return slug if known_rule(tool, slug) else ""


def known_rule(tool: str, rule: str) -> bool:
    """No rule, a code (F401, CWE-79), a measuring tool's own name for it, or at most four words of our list."""
    if not rule or _CODE.fullmatch(rule):
        return True
    if tool.partition(".")[0] in MEASURED:
        return bool(_RULE.fullmatch(rule)) and not suspicious(rule)
    parts = rule.split("-")
    return len(parts) <= 4 and len(rule) <= 40 and all(part in WORDS for part in parts)


def suspicious(text: str) -> str:
    """Why a text may not be kept, '' when it may: hidden characters, fences and chat tokens, orders to a model."""
    if _HIDDEN.search(text):
        return "control or hidden characters"
    if _TOKENS.search(text):
        return "fences or chat tokens"
    words = " ".join(re.findall(r"[a-z]+", text.lower()))
    return "reads like an order to a model" if any(shape.search(words) for shape in _SHAPES) else ""
