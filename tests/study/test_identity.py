"""Identity ignores names and notices everything else."""

from paribus.study.expand import expand
from paribus.study.identity import plan_trials
from tests.study.written import GOOD, study_from_text


def test_identity_ignores_names_and_notices_everything_else():
    def identities(text, **options):
        plan = expand(study_from_text(text), **options)
        return {
            t.identity for t in plan_trials(plan, {v.name: "d" for v in plan.variants}, lambda _: 1)
        }

    base = identities(GOOD)
    assert len(base) == 20
    renamed = (
        GOOD.replace("large", "wide")
        .replace("study: small", "study: other")
        .replace("width", "size")
    )
    assert identities(renamed) == base
    assert base < identities(GOOD, seeds=7)
    for old, new in (
        ("epochs: 2", "epochs: 3"),
        ("[scale]", "[]"),
        ("keras", "torch"),
        ("0.1", "0.2"),
        ("filters: 4", "filters: 5"),
    ):
        assert not identities(GOOD.replace(old, new)) & base
