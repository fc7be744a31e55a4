"""Captions of charts and tables are sentences, and say no more than the numbers above them."""

import re
from pathlib import Path

import pytest

import paribus.report
from tests.overstating import OVERSTATING

PARTS = sorted((Path(paribus.report.__file__).parent / "page").glob("**/*.j2"))
CHART = re.compile(r'<figure class="chart">.*?<figcaption>(.*?)</figcaption>', re.DOTALL)


@pytest.mark.parametrize("part", PARTS, ids=lambda path: path.name)
def test_a_part_of_the_page_overstates_nothing(part):
    text = part.read_text(encoding="utf-8")
    assert not OVERSTATING.findall(text)
    for caption in re.findall(r"<caption>(.*?)</caption>", text):
        assert re.search(r"\.(?:\{% endif %\})?$", caption), caption


def test_every_chart_has_a_caption_in_sentences(hostile_page):
    _, page = hostile_page
    captions = CHART.findall(page)
    assert captions
    for caption in captions:
        assert caption.endswith(".")
        assert not OVERSTATING.findall(caption)
