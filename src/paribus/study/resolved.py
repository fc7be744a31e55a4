"""The file `resolved.yaml`: all settings of all variants, with every default written out."""

from __future__ import annotations

import io
from typing import Any

from ruamel.yaml import YAML

from paribus.nn.spec import ModelSpec
from paribus.nn.training import TrainSpec
from paribus.records import Plan

__all__ = ["resolved_yaml"]


def resolved_yaml(plan: Plan) -> str:
    """Return the resolved plan as YAML."""
    content: dict[str, Any] = {
        "study": plan.study,
        "question": plan.question,
        "seeds": {"until": "decided", "looks": list(plan.looks)}
        if plan.looks
        else list(plan.seeds),
        "baseline": plan.baseline,
        "select": {"by": plan.select.by, "refit": plan.select.refit, "test": plan.select.test},
        "claims": [
            {
                "id": claim.id,
                "says": claim.says,
                "within": dict(claim.within),
                "margin": claim.margin,
                "published": claim.published,
                "scope": claim.scope,
            }
            for claim in plan.claims
        ],
        "published": {metric: dict(values) for metric, values in plan.published.items()},
        "variants": {
            variant.name: {
                "levels": dict(variant.levels),
                "data": dict(variant.data),
                "model": ModelSpec.parse(variant.model).resolved().to_settings(),
                "train": {**TrainSpec.seldom_defaults(), **variant.train},
            }
            for variant in plan.variants
        },
    }
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.width = 100
    buffer = io.StringIO()
    yaml.dump(content, buffer)
    return buffer.getvalue()
