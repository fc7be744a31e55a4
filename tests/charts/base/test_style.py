"""How charts are drawn: room for wide letters, dark pages, nothing that only one machine has."""

import re
from xml.etree import ElementTree as ET

import pytest

from paribus.charts.base import style as charts
from paribus.charts.base.style import FONTS, to_svg

LONG = "batch_norm > dropout on val_accuracy (one)"


def chart(label=LONG):
    import altair as alt

    data = alt.InlineData(values=[{"label": label, "value": 0.123456}])
    return (
        alt.Chart(data)
        .mark_bar()
        .encode(y=alt.Y("label:N", title=None, axis=alt.Axis(labelLimit=900)), x="value:Q")
    )


def left_room(svg):
    """What lies left of the plot, less the gap between labels and plot."""
    return float(re.search(r'transform="translate\(([\d.]+),', svg)[1]) - 13


def test_a_label_has_room_for_letters_a_fifth_wider(monkeypatch):
    roomy = to_svg(chart())
    monkeypatch.setattr(charts, "_ROOM", 1.0)
    tight = to_svg(chart())
    assert left_room(roomy) / left_room(tight) == pytest.approx(1.2, abs=0.02)
    sizes = [re.findall(r'font-size="([^"]+)"', svg) for svg in (roomy, tight)]
    assert set(sizes[0]) == set(sizes[1]) == {"10px", "11px"}
    assert set(re.findall(r'font-family="([^"]+)"', roomy)) == {FONTS}


def test_places_are_short_and_names_stay_as_they_are():
    svg = to_svg(chart("rate 0.00015 > 0.00014"))
    assert "rate 0.00015 > 0.00014" in [node.text for node in ET.fromstring(svg).iter()]
    places = re.findall(r' (?:d|transform)="([^"]*)"', svg)
    assert not [place for place in places if re.search(r"\d\.\d{3}", place)]
