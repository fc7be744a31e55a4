"""Diagrams of networks: a box per layer, and what the baseline has not."""

from xml.etree import ElementTree as ET

from paribus.charts.networks import Box
from paribus.charts.networks import draw as draw_model
from paribus.charts.networks import points as boxes_of
from paribus.nn.summary import LayerRow, ModelSummary
from tests.charts.drawn import HOSTILE, texts


def test_a_diagram_has_a_box_per_layer_and_marks_what_the_baseline_has_not():
    conv = LayerRow("conv", "Conv2D", (26, 26, 16), 160, 160)
    norm = LayerRow(HOSTILE, "BatchNormalization", (26, 26, 16), 64, 32)
    rest = [LayerRow(f"d{k}", "Dense", (10,), 90, 90) for k in range(8)]
    baseline = ModelSummary((conv, *rest), (10,))
    boxes = boxes_of(ModelSummary((conv, norm, *rest), (10,)), (28, 28, 1), baseline)
    assert [box.name for box in boxes if box.changed] == [HOSTILE]
    svg = draw_model(boxes)
    assert "<script" not in svg
    found = texts(svg)
    assert {"input", "28 x 28 x 1", "conv", "Conv2D", "26 x 26 x 16", "160 parameters"} <= set(
        found
    )
    drawn = [node for node in ET.fromstring(svg).iter() if node.tag.endswith("rect")]
    assert len(drawn) == 1 + len(boxes)
    assert [node.get("stroke") for node in drawn[1:]].count("#d55e00") == 1
    inside = ET.fromstring(svg)
    assert all(
        float(n.get("x")) + float(n.get("width")) <= float(inside.get("width")) for n in drawn[1:]
    )


def test_a_long_layer_name_stays_in_its_box():
    boxes = [Box("a_rather_long_name_of_a_layer", "GlobalAveragePooling2D", (9,), 1, changed=False)]
    for node in ET.fromstring(draw_model(boxes)).iter():
        if node.tag.endswith("text"):
            assert 0.7 * float(node.get("font-size")) * len(node.text) <= 140.2
