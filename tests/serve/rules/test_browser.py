"""The page in a real browser: it runs, it grows, it can be used by keyboard, and it complains of nothing."""

import shutil
import time

import numpy as np
import pytest
from PIL import Image

import paribus
from paribus.api.results.watching import watch
from paribus.api.run.running import RunOptions
from paribus.serve.pages import Library
from paribus.serve.runs import arguments_of
from paribus.serve.server import serving

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium on this machine"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:axe_playwright_python"),
]
WAIT = 60_000
PAYLOAD = "<img src=x onerror=alert(1)>"
LEVEL = PAYLOAD.translate({ord(letter): "_" for letter in "<>=/"})


@pytest.fixture
def page(chromium):
    """A page that fails its test if the browser has anything to complain of."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    found = context.new_page()
    found.set_default_timeout(WAIT)
    complaints = []
    found.on("console", lambda message: complaints.append(message.text))
    found.on("pageerror", lambda error: complaints.append(str(error)))
    found.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
    yield found
    context.close()
    assert complaints == []


@pytest.fixture
def live(finished):
    """A server of the finished run."""
    with serving(Library(finished / "small")) as found:
        yield found


def report_address(finished):
    return (finished / "small" / "report.html").as_uri()


def until(condition):
    """Wait, where the page's policy forbids that the browser waits for us."""
    end = time.monotonic() + WAIT / 1000
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)


def grave(page):
    """Return what axe finds, by rule and place."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [(item["id"], [node["html"][:200] for node in item["nodes"]]) for item in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_is_accessible_in_light_and_dark(page, finished, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto(report_address(finished))
    page.evaluate("document.querySelectorAll('details').forEach((item) => { item.open = true; })")
    assert grave(page) == []
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") == (scheme == "light")


def test_the_live_page_is_accessible(page, live):
    page.goto(live.address)
    page.wait_for_selector("#pad")
    assert grave(page) == []


def test_nothing_overflows_a_narrow_screen(page, finished, live):
    page.set_viewport_size({"width": 390, "height": 844})
    for address in (report_address(finished), live.address):
        page.goto(address)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, address


def test_the_keyboard_reaches_everything(page, live):
    page.goto(live.address)
    page.wait_for_selector("#pad")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the results"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    wanted = page.evaluate(
        "[...document.querySelectorAll('a[href], button, select, input, summary')]"
        ".filter((item) => item.checkVisibility()).length"
    )
    page.goto(page.url)
    page.wait_for_selector("#pad")
    reached = set()
    for _ in range(wanted + 20):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "[...document.querySelectorAll('a[href], button, select, input, summary')]"
                ".indexOf(document.activeElement)"
            )
        )
    assert len(reached - {-1}) == wanted


def test_a_drawn_digit_is_classified_and_shown_as_the_network_sees_it(page, live, finished):
    page.goto(live.address)
    page.wait_for_selector("#pad")
    page.locator("#pad").scroll_into_view_if_needed()
    box = page.locator("#pad").bounding_box()
    page.mouse.move(box["x"] + 140, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 140, box["y"] + 240, steps=8)
    page.mouse.up()
    page.wait_for_selector("#verdict table")
    assert page.locator("#verdict tr").count() == 10
    said = page.locator("#verdict p").inner_text()
    selected = paribus.open_results(finished / "small").summary.selected.variant
    assert said.startswith(f"{selected} says ")
    assert said.endswith("of 2 networks agree")
    sizes = page.evaluate(
        "[...document.querySelectorAll('#verdict img')].map((i) => [i.naturalWidth, i.naturalHeight])"
    )
    assert sizes == [[8, 8], [8, 8]], "pixel by pixel"

    page.select_option("#variant", "narrow")
    until(lambda: page.locator("#verdict p").first.inner_text().startswith("narrow says "))
    page.click("#clear")
    assert page.locator("#verdict").inner_text() == "The answer will stand here."


def test_a_file_is_dropped_or_chosen(page, live, tmp_path):
    path = tmp_path / "seven.png"
    pixels = np.full((60, 60), 255, np.uint8)
    pixels[8:16, 10:50] = 0
    pixels[8:54, 40:48] = 0
    Image.fromarray(pixels).save(path)
    page.goto(live.address)
    page.wait_for_selector("#pad")
    transfer = page.evaluate_handle(
        """(bytes) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], "seven.png", {type: "image/png"}));
          return transfer;
        }""",
        list(path.read_bytes()),
    )
    page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})
    page.wait_for_selector("#verdict table")
    dropped = page.locator("#verdict").inner_text()
    page.click("#clear")
    page.set_input_files("#file", path)
    page.wait_for_selector("#verdict table")
    assert page.locator("#verdict").inner_text() == dropped


def test_what_is_no_image_is_said_on_the_page(chromium, live, tmp_path):
    path = tmp_path / "text.png"
    path.write_text("no image")
    page = chromium.new_page()
    page.goto(live.address)
    page.wait_for_selector("#pad")
    page.set_input_files("#file", path)
    page.wait_for_selector("#verdict .refuted")
    assert "must be a readable image" in page.locator("#verdict").inner_text()
    page.close()


@pytest.mark.slow
def test_the_page_grows_while_trials_run_and_its_buttons_stop_and_go_on(page, study_file, tmp_path):
    out = tmp_path / "out"
    library = Library(out)
    run = library.page_of(out).run
    with serving(library) as found:
        page.goto(found.address)
        assert "Nothing has been run" in page.locator("#part-live").inner_text()
        run.start(arguments_of(study_file, out, {"jobs": 1}))
        page.wait_for_selector("#stop")
        page.wait_for_selector("#part-images img", state="attached")
        before = int(page.locator("#part-live progress").get_attribute("value"))
        until(lambda: int(page.locator("#part-live progress").get_attribute("value")) > before)
        page.wait_for_selector("#part-curves img", state="attached")
        first = page.locator("#part-curves").get_attribute("data-mark")
        until(lambda: page.locator("#part-curves").get_attribute("data-mark") != first)
        page.focus("#stop")
        page.keyboard.press("Enter")
        page.wait_for_selector("#resume")
        assert "Stopped: " in page.locator("#part-live").inner_text()
        stopped = watch(out).done_epochs
        page.click("#resume")
        page.wait_for_selector("#stop")
        until(lambda: watch(out).done_epochs > stopped)
        page.goto("about:blank")


def hostile_images(root):
    """Write an image folder whose classes and files have hostile names."""
    draws = np.random.default_rng(0)
    for number, name in enumerate((PAYLOAD, "<svg onload=alert(3)>")):
        folder = root / name
        folder.mkdir(parents=True)
        for index in range(20):
            pixels = draws.integers(0, 100, (8, 8), dtype=np.uint8) + np.uint8(100 * number)
            Image.fromarray(pixels).save(folder / f"<b onclick=alert(4)>{index}.png")
    return root


def test_hostile_names_are_text(page, tmp_path):
    images = hostile_images(tmp_path / "<i onload=alert(5)>")
    study = {
        "study": "hostile",
        "question": PAYLOAD,
        "data": {
            "source": str(images),
            "split": {"train": 0.4, "validation": 0.3, "test": 0.3},
            "preprocess": ["scale"],
        },
        "model": {"layers": ["Flatten", {"Dense": {"units": 2, "activation": "softmax"}}]},
        "train": {"optimizer": {"SGD": {"learning_rate": 0.001}}, "epochs": 3, "batch_size": 4},
        "seeds": 1,
        "factors": {
            LEVEL: {
                "a": None,
                f"{LEVEL}\"'": {"set": {"train.optimizer.SGD.learning_rate": 3e38}},
            }
        },
        "claims": [
            {"id": PAYLOAD, "says": f"a > {LEVEL}\"' on val_accuracy", "published": PAYLOAD}
        ],
    }
    root = tmp_path / "<svg onload=alert(2)>"
    paribus.from_mapping(study).run(root / "one", options=RunOptions(jobs=1))
    (root / PAYLOAD).mkdir()
    (root / PAYLOAD / "paribus.db").write_text(PAYLOAD)
    with serving(Library(root)) as found:
        page.goto(found.address)
        page.wait_for_timeout(1500)
        assert page.locator("main img").count() == 0
        assert page.get_by_text(PAYLOAD).count() > 0, (
            "the damaged study's folder is listed, as text"
        )
        page.click("main a")
        page.wait_for_selector("#try")
        page.wait_for_timeout(1500)
        assert page.locator('img[src="x"], svg[onload], b[onclick], i[onload]').count() == 0
        assert page.locator("h1").inner_text() == PAYLOAD
        assert page.locator("#part-images").get_by_text(PAYLOAD).count() > 0, "a class"
        assert "failed" in page.locator("#part-live table").text_content()
    page.goto((root / "one" / "report.html").as_uri())
    assert page.locator('img[src="x"], svg[onload], b[onclick], i[onload]').count() == 0
    page.goto("about:blank")


def test_the_report_prints_whole(page, finished, tmp_path):
    page.goto(report_address(finished))
    page.emulate_media(media="print")
    hidden = page.evaluate(
        "[...document.querySelectorAll('details > *')].filter((i) => getComputedStyle(i).display === 'none').length"
    )
    assert hidden == 0
    printed = page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert printed.startswith(b"%PDF")
