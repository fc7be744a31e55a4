"""Every layer is described once, and has a module, a stacked form and a reference in files of one name."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from torch import nn

import paribus
from paribus.nn.layer import Layer
from paribus.nn.modules.form import module_of
from paribus.nn.registry import LAYERS, Forms
from paribus.nn.stacked.form import stacked_of
from paribus.reference.layer import reference_of

PACKAGE = Path(paribus.__file__).parent
FORMS = {"module": module_of, "stacked form": stacked_of, "reference": reference_of}
FOLDERS = ("nn/layers", "nn/modules", "nn/stacked", "reference")


@pytest.mark.parametrize("kind", LAYERS)
def test_every_layer_stands_in_the_file_of_its_family_in_every_folder(kind):
    layer = LAYERS[kind]
    assert layer.__module__ == f"paribus.nn.layers.{layer.family}"
    for folder in FOLDERS:
        assert (PACKAGE / folder / f"{layer.family}.py").is_file()


@pytest.mark.parametrize("what", FORMS)
@pytest.mark.parametrize("kind", LAYERS)
def test_every_layer_has_every_form_in_the_file_of_its_family(kind, what):
    layer, forms = LAYERS[kind], FORMS[what]
    if layer.written_out:
        with pytest.raises(NotImplementedError, match=f"{kind} has no "):
            forms.of(layer)
        return
    form = forms.of(layer)
    if form.__name__ != "the_same":  # without weights, the first module serves all members
        assert form.__module__ == f"{forms.package}.{layer.family}"
    assert kind in (PACKAGE / _folder(forms) / f"{layer.family}.py").read_text()


def _folder(forms):
    return forms.package.removeprefix("paribus.").replace(".", "/")


def test_layers_come_in_an_order_without_ties():
    places = [layer.order for layer in LAYERS.values()]
    assert places == sorted(set(places))


def test_what_has_no_file_has_no_form():
    class Lost(Layer):
        family = "nowhere"

    forms = Forms[[], nn.Module]("paribus.nn.modules", "torch module")
    with pytest.raises(NotImplementedError, match=r"^Lost has no torch module$"):
        forms(Lost())


def test_a_file_that_fails_is_not_taken_for_a_missing_one(tmp_path, monkeypatch):
    from paribus.nn import modules

    class Broken(Layer):
        family = "broken_of_a_test"

    (tmp_path / "broken_of_a_test.py").write_text("import no_such_package\n")
    monkeypatch.setattr(modules, "__path__", [*modules.__path__, str(tmp_path)])
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        module_of.of(Broken)


def test_what_a_layer_is_needs_no_torch():
    code = (
        "import sys\nfrom paribus.nn.registry import LAYERS\nfrom paribus.nn.summary import model_summary\n"
        "assert len(LAYERS) > 20\nprint('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_networks_import_one_another_in_no_circle():
    found = {_name(path): path for room in ("nn", "reference") for path in _files(room)}
    graph = {name: _imported(path, found) - {name} for name, path in found.items()}
    while free := [name for name, others in graph.items() if not others]:
        for name in free:
            del graph[name]
        graph = {name: others - set(free) for name, others in graph.items()}
    assert not graph, f"these import one another: {sorted(graph)}"


def _files(room):
    return sorted((PACKAGE / room).rglob("*.py"))


def _name(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def _imported(path, known):
    """What a file imports, inside functions too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= whole if whole <= known.keys() else {node.module, *whole}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names & known.keys()
