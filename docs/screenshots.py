"""Take the pictures of `docs/images/`: `make screenshots`. Needs Chromium.

A small version of lab A (fewer images, fewer seeds) is run for them, or gone on with.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

import paribus
from paribus.api.run.running import RunOptions
from paribus.serve.pages import Library
from paribus.serve.runs import arguments_of
from paribus.serve.server import serving

ROOT = Path(__file__).parents[1]
IMAGES = Path(__file__).parent / "images"
LAB = ROOT / "studies" / "lab-a-regularisation.yaml"
SMALL = ("train.epochs=3", "data.train_size=3000")
DIGITS = ROOT / "examples" / "digits.yaml"
SWITCHES = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ROWS = 1400
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@contextmanager
def chromium() -> Iterator[Any]:
    """Start the browser."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise SystemExit("screenshots: need Chromium on the PATH, got none. Install it first.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=SWITCHES)
        yield browser
        browser.close()


def opened(browser: Any, address: str, size: dict[str, int], scheme: str = "light") -> Any:
    """Open a page of a size."""
    page = browser.new_page(viewport=size, color_scheme=scheme)
    page.goto(address)
    page.wait_for_timeout(500)
    return page


def report_pictures(browser: Any, address: str) -> None:
    """Photograph the report: its first screen, wide, narrow and dark, and some sections."""
    opened(browser, address, WIDE).screenshot(path=IMAGES / "report.png")
    opened(browser, address, WIDE, "dark").screenshot(path=IMAGES / "report-dark.png")
    opened(browser, address, NARROW).screenshot(path=IMAGES / "report-narrow.png")
    page = opened(browser, address, WIDE)
    for name in ("effects", "curves", "insight"):
        part = page.locator(f"#part-{name}")
        part.scroll_into_view_if_needed()
        part.screenshot(path=IMAGES / f"{name}.png")


def live_pictures(browser: Any, out: Path) -> None:
    """Photograph a run under way, and a digit that is drawn."""
    folder = out / "live"
    shutil.rmtree(folder, ignore_errors=True)
    library = Library(folder)
    page_of_study = library.page_of(folder)
    with serving(library) as found:
        options = {"jobs": 1, "overrides": ["train.epochs=30"]}
        page_of_study.run.start(arguments_of(DIGITS, folder, options))
        page = opened(browser, found.address, WIDE)
        page.wait_for_selector("#part-curves img", state="attached", timeout=120_000)
        page.wait_for_timeout(4000)
        page.screenshot(path=IMAGES / "live.png")
        page_of_study.run.end()
    draw_digit(browser, out / "digits")


def draw_digit(browser: Any, folder: Path) -> None:
    """Draw a seven, as a reader would."""
    with serving(Library(folder)) as found:
        page = opened(browser, found.address, WIDE)
        page.wait_for_selector("#pad")
        page.locator("#pad").scroll_into_view_if_needed()
        box = page.locator("#pad").bounding_box()
        corners = ((60, 60), (210, 60), (130, 230))
        page.mouse.move(box["x"] + corners[0][0], box["y"] + corners[0][1])
        page.mouse.down()
        for x, y in corners[1:]:
            page.mouse.move(box["x"] + x, box["y"] + y, steps=12)
        page.mouse.up()
        page.wait_for_selector("#verdict table")
        page.locator("#part-try").screenshot(path=IMAGES / "try.png")


def make_small(path: Path) -> None:
    """Keep what a reader sees: the first 1,400 rows, in 256 colours."""
    with Image.open(path) as opened_image:
        picture = opened_image.convert("RGB")
    picture = picture.crop((0, 0, picture.width, min(picture.height, ROWS)))
    picture.quantize(256).save(path, optimize=True)


def main() -> None:
    """Run what is missing, and take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "screenshots")
    out: Path = parser.parse_args().out
    IMAGES.mkdir(exist_ok=True)
    paribus.load(LAB).run(out / "lab-a", options=RunOptions(seeds=5, overrides=SMALL))
    paribus.load(DIGITS).run(out / "digits", options=RunOptions())
    with chromium() as browser:
        report_pictures(browser, (out / "lab-a" / "report.html").resolve().as_uri())
        live_pictures(browser, out)
    for path in sorted(IMAGES.glob("*.png")):
        make_small(path)
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
