"""Reading answers that nobody promised to be JSON."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.contracts.errors import BadReply
from factory.contracts.plan import Plan
from factory.contracts.record import Json, Record
from factory.contracts.roster import Notes
from factory.contracts.verdict import Judgement
from factory.llm.structured import margin_of, parse_json, schema_of

GOOD = '{"decision": "ACCEPT", "reasons": ["shown"], "must_fix": [], "evidence": []}'


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"Here is my judgement {{as asked}}:\n\n```\n{GOOD}\n```\nI hope this helps.",
        f"<think>maybe {{REJECT}}?</think>\n{GOOD}",
        f"{GOOD}\n\nOnce more:\n{GOOD}",
        '{"note": "a draft"} and then ' + GOOD,
    ],
)
def test_one_object_is_found(text: str) -> None:
    assert parse_json(text, Judgement).decision == "ACCEPT"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I accept.", "no JSON object"),
        ("", "no JSON object"),
        (GOOD[:-1], "no JSON object"),
        (GOOD.replace("ACCEPT", "MAYBE"), "decision: .*'ACCEPT', 'REVISE' or 'REJECT'"),
        (GOOD[:-1] + ', "mood": 1}', "mood: Extra inputs"),
        (GOOD + GOOD.replace("ACCEPT", "REJECT"), "2 different JSON objects"),
        ('{"decision": "REJECT", "decision": "ACCEPT"}', "no JSON object"),
        ('{"decision": NaN}', "no JSON object"),
        ("[" * 100_000, "no JSON object"),
        ('{"a":' * 100_000, "no JSON object"),
    ],
)
def test_the_rest_is_refused_with_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(BadReply, match=words):
        parse_json(text, Judgement)


@given(st.text(alphabet='{}[]",:truefalsn0123456789 ACEPT\\', max_size=200))
def test_no_text_makes_it_fail_otherwise(text: str) -> None:
    with suppress(BadReply):
        assert isinstance(parse_json(text, Judgement), Judgement)


@pytest.mark.parametrize("output", [Judgement, Plan, Notes])
def test_schemas_are_strict_all_the_way_down(output: type[Record]) -> None:
    def check(node: Json) -> None:
        assert not {"$ref", "default", "maxLength", "maxItems", "pattern", "minimum"} & set(node)
        if node.get("type") == "object":
            assert node["additionalProperties"] is False
            assert node["required"] == list(node["properties"])
        for child in [*node.get("properties", {}).values(), *node.get("anyOf", []), *filter(None, [node.get("items")])]:
            check(child)

    schema = schema_of(output)
    assert schema.name == output.__name__
    check(schema.body)
    assert "$defs" not in json.dumps(schema.body)


def test_a_property_may_be_called_like_a_keyword() -> None:
    class Odd(Record):
        title: str
        default: int
        pattern: tuple[str, ...] = ()

    assert schema_of(Odd).body["required"] == ["title", "default", "pattern"]


def test_the_margin_is_that_of_the_deciding_tokens() -> None:
    tokens = [
        ('{"reasons": ["', -0.1, [("[", -3.0)]),
        ("x", -0.5, [("y", -0.6)]),
        ('"], "decision": "', -0.1, [("}", -9.0)]),
        ("RE", -0.2, [("RE", -0.2), ("ACC", -1.7)]),
        ("VISE", -0.3, [("JECT", -1.0), ("VISE", -0.3)]),
        ('"}', -0.1, [('",', -0.2)]),
    ]
    assert margin_of(tokens, schema_of(Judgement)) == pytest.approx(0.7)
    assert margin_of(tokens, None) is None
    assert margin_of([(text, chosen, []) for text, chosen, _ in tokens], schema_of(Judgement)) is None


def test_what_the_grammar_forbids_is_no_rival_of_the_decision() -> None:
    """vLLM lists raw probabilities: words that could not stand there, and the same decision cut otherwise."""
    tokens = [
        ('{"decision":', -0.1, []),
        ('"RE', -3.0, [("oops", -0.1), ('"R', -0.2), ('"RE', -3.0), ('"ACC', -4.5)]),
        ("VISE", -2.0, [("oops", -0.1), ("JE", -2.5)]),
        ('"}', -5.0, [("!", -0.1)]),
    ]
    assert margin_of(tokens, schema_of(Judgement)) == pytest.approx(0.5)
    tokens[2] = ("VISE", -0.1, [("oops", -7.1), ("VISE", -0.1), ("V", -3.0)])  # no rival: below all that is listed
    assert margin_of(tokens, schema_of(Judgement)) == pytest.approx(1.5)
    tokens[1] = ('"A', -0.5, [('"REV', -1.0)])
    tokens[2] = ("CCEPT", -3.0, [("oops", -0.1)])  # decided already
    assert margin_of(tokens, schema_of(Judgement)) == pytest.approx(0.5)
