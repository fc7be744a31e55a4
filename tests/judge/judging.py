"""Claims judged from a plan and its trials."""

from paribus.judge.claims.evidence import claim_evidence
from paribus.judge.claims.family import judge_claims


def judged(claims, plan, trials, declared=None, *, marking=None, extended=False, **evidence):
    """Return the rows of claims; further arguments are those of `claim_evidence`."""
    found = claim_evidence(plan, trials, marking, **evidence)
    return judge_claims(claims, found, declared, extended=extended)
