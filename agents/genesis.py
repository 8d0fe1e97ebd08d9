"""Genesis, the judge: ACCEPT, REVISE or REJECT, from evidence and never from the author's own prose."""

from factory.contracts.roster import JudgeFacts
from factory.contracts.seams import Answer, Desk
from factory.contracts.verdict import Judgement


def genesis(desk: Desk, facts: JudgeFacts) -> Answer[Judgement]:
    return desk.ask(
        "genesis/judge",
        Judgement,
        task=facts.task,
        criteria=facts.criteria,
        diff=facts.diff,
        evidence=facts.evidence_text,
        findings=facts.findings,
        commits=facts.commits,
        lessons=facts.lessons,
    )
