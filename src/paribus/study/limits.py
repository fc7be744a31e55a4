"""Size limits of a study, which are checked before the study is read and expanded.

Reading YAML takes about 100 microseconds per value. Therefore values are counted in the text before
it is parsed, and variants before they are expanded. ``large: true`` in a study raises the limits of
text, variants and seeds; it does not change the identity of trials.
"""

from __future__ import annotations

import re
from math import prod

from paribus.checking import Issue, Path
from paribus.errors import Problem, StudyError
from paribus.study.schema import SeedRule, StudyFile

__all__ = ["refuse_long_text", "seed_issues", "variant_issues"]

MAX_BYTES, MAX_BYTES_LARGE = 256_000, 1_000_000
MAX_VALUES, MAX_VALUES_LARGE = 8_000, 100_000
"""Largest number of keys and values of a file, estimated by counting separators."""
MAX_DEPTH = 32
MAX_VARIANTS, MAX_VARIANTS_LARGE = 1_000, 100_000
MAX_SEEDS = 1_000
"""Largest number of seeds; `paribus.study.schema` has the limit of large studies."""
ADVICE = "Write large: true at the top of the study if you mean it."

_LARGE = re.compile(r"^large:\s+(true|True|TRUE)\s*(#.*)?$", re.MULTILINE)
_ASIDE = re.compile(r"\"(?:[^\"\\]|\\.)*\"|(?:^|\s)#[^\n]*")
_SEPARATORS = re.compile(r"[,\[{]|:(?=\s)|^\s*- ", re.MULTILINE)
_BRACKETS = re.compile(r"[\[\]{}]")


def refuse_long_text(text: str, name: str) -> None:
    """Refuse a text that would take long to parse, by counting separators and brackets.

    Args:
        text: YAML text.
        name: name of the file, for messages.

    Raises:
        StudyError: the text has too many bytes or values, or is nested too deeply.
    """
    large = _LARGE.search(text) is not None
    size = len(text.encode())
    if size > (limit := MAX_BYTES_LARGE if large else MAX_BYTES):
        rule = f"must be at most {limit:,} bytes"
        raise StudyError(Problem(name, rule, f"{size:,}", None if large else ADVICE))
    bare = _ASIDE.sub("", text)
    count = len(_SEPARATORS.findall(bare))
    if count > (limit := MAX_VALUES_LARGE if large else MAX_VALUES):
        rule = f"must hold at most {limit:,} keys and values"
        raise StudyError(Problem(name, rule, f"about {count:,}", None if large else ADVICE))
    depth = 0
    for bracket in _BRACKETS.finditer(bare):
        depth += 1 if bracket.group() in "[{" else -1
        if depth > MAX_DEPTH:
            line = bare.count("\n", 0, bracket.start()) + 1
            rule = f"must not be nested deeper than {MAX_DEPTH} levels"
            raise StudyError(Problem(f"{name}:{line}", rule))


def variant_issues(file: StudyFile) -> list[Issue]:
    """Return an issue if a study has too many variants, which are counted without expanding them."""
    limit = MAX_VARIANTS_LARGE if file.large else MAX_VARIANTS
    sizes = [len(levels) for levels in file.factors.values()]
    if file.variants:
        place, count = "variants", len(file.variants)
    elif file.design == "one-at-a-time":
        place, count = "factors", 1 + sum(size - 1 for size in sizes)
    else:
        place, count = "factors", prod(sizes)
    return _too_many((place,), "variants", count, limit, large=file.large)


def seed_issues(file: StudyFile) -> list[Issue]:
    """Return an issue if a study has too many seeds."""
    if file.large:  # the schema has a limit of its own
        return []
    if isinstance(file.seeds, SeedRule):
        place: Path = ("seeds", "looks")
        return _too_many(place, "seeds", max(file.seeds.looks), MAX_SEEDS, large=False)
    count = len(file.seeds) if isinstance(file.seeds, list) else file.seeds
    return _too_many(("seeds",), "seeds", count, MAX_SEEDS, large=False)


def _too_many(place: Path, what: str, count: int, limit: int, *, large: bool) -> list[Issue]:
    if count <= limit:
        return []
    rule = f"must give at most {limit:,} {what}"
    return [Issue(place, rule, f"{count:,}", None if large else ADVICE)]
