"""Words that say more than numbers can, or that judge instead of telling."""

import re

OVERSTATING = re.compile(
    r"\b(?:for sure|certain(?:ly|ty)?|surely|always|prove[sn]?|proofs?|cannot help|flatter\w*|guarantee\w*|"
    r"obvious(?:ly)?|of course|a few seeds|luck(?:ily)?|mostly|cannot be trusted|no aim)\b",
    re.IGNORECASE,
)
