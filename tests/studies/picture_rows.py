"""The rows of docs/pictures.md, and the run of a row: its report, its stored numbers, its documented call."""

import re
from dataclasses import dataclass
from pathlib import Path

from sklearn.metrics import confusion_matrix
from typer.testing import CliRunner

import paribus
from paribus.cli.main import app
from paribus.data.load import load_dataset
from paribus.data.spec import DataSpec
from paribus.data.splits import split_ids
from paribus.execute.artifacts import read_predictions, trial_folder
from studies.__main__ import ROOT
from studies.few import few_images

PAGE = ROOT.parent / "docs" / "pictures.md"
_ROW = re.compile(r"^\| ([A-E]\d) \| ([\w-]+) \| (.+?) \| (?:`#([a-z-]+)`)? ?\| `(.+)` \|$")


@dataclass(frozen=True)
class Row:
    """A row of the page."""

    key: str
    study: str
    shows: str
    anchor: str | None
    call: str


def rows():
    found = [_ROW.match(line) for line in PAGE.read_text(encoding="utf-8").splitlines()]
    return {row[1]: Row(*row.groups()) for row in found if row}


ROWS = rows()


@dataclass(frozen=True)
class Run:
    """A quick run of a study, and its page."""

    row: Row
    folder: Path

    @property
    def results(self):
        return paribus.open_results(self.folder)

    @property
    def page(self):
        return (self.folder / "report.html").read_text(encoding="utf-8")

    def part(self, name):
        """Return one part of the page as HTML."""
        return re.search(
            rf'<div class="part" id="part-{name}">(.*?)</div>\s*(?=<div class="part"|</main>)',
            self.page,
            re.DOTALL,
        )[1]

    def alone(self, **places):
        """Evaluate the call that the page documents, or run the command; a command gives its output."""
        if not self.row.call.startswith("paribus "):
            return eval(self.row.call, {"results": self.results})
        places = {"RUN": self.folder, "STUDY": ROOT / f"{self.row.study}.yaml", **places}
        words = [str(places.get(word, word)) for word in self.row.call.split()[1:]]
        found = CliRunner().invoke(app, words)
        assert found.exit_code in (0, 1), found.output
        return found.stdout

    def trials(self):
        """Variant -> its trial on the training part."""
        return {t.variant: t for t in self.results.summary.trials if t.fit_on == "train"}

    def stored(self, variant):
        return trial_folder(self.folder, self.trials()[variant].identity)


def first_images(run, part):
    """Return ids, images and class names of the first images of a part, read from the source."""
    variant = run.results.manifest.plan.variants[0]
    spec = DataSpec.parse(variant.data)
    with few_images(spec.source, run.folder.parent / "data"):
        data = load_dataset(spec)
    ids = getattr(split_ids(spec.split, data.labels, data.parts), part)[:25]
    return ids, data.images[ids], [data.class_names[label] for label in data.labels[ids]]


def guesses_of(run, ids):
    found = read_predictions(run.stored(run.results.summary.selected.variant), "test")
    place = {int(index): k for k, index in enumerate(found.ids)}
    return found.probabilities.argmax(1)[[place[int(index)] for index in ids]]


def oracle(run, split="test"):
    """Return the selected variant's confusion matrix by scikit-learn, from its stored predictions."""
    found = read_predictions(run.stored(run.results.summary.selected.variant), split)
    names = run.results.class_names
    return confusion_matrix(
        found.labels, found.probabilities.argmax(1), labels=range(len(names))
    ), list(names)


def summaries(run):
    return {row["name"]: row for row in run.results.to_json()["variants"]}
