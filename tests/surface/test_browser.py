"""Pages in a real browser: they move, give what is asked of them, can be read, and fetch nothing."""

import csv
import io
import shutil
import warnings
from datetime import datetime
from functools import cache

import numpy as np
import pandas
import pytest
from matplotlib import pyplot

import latently
from latently import (
    GaussianImputer,
    GaussianMixture,
    LatentClassAnalysis,
    LatentDirichletAllocation,
    PoissonHMM,
    datasets,
)
from latently.report import Figure
from latently.report.interactive import replay
from tests.simulations import by_night

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
)

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no Chromium: install it, on Debian as 'chromium'"
)

FAITHFUL = pandas.DataFrame(datasets.load_faithful().data[::4], columns=["eruption", "wait"])
TINY = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'


ARABIC = "\u062f\u0631\u062c\u0629 \u0627\u0644\u062d\u0631"


def mixture():
    X = FAITHFUL.assign(product=FAITHFUL["eruption"] * 3 + np.arange(68) % 7)
    return GaussianMixture(2, n_init=1, random_state=0).fit(X), X


def series():
    X = pandas.DataFrame({"quakes": datasets.load_earthquakes().data.ravel()})
    return PoissonHMM(2, n_init=1, random_state=0).fit(X), X


def holes():
    X = datasets.load_airquality().data[:, :4]
    return GaussianImputer(n_parameter_draws=2, random_state=0).fit(X), X


def classes():
    rng = np.random.default_rng(0)
    z = rng.integers(0, 2, 150)
    names = [*(f"q{j}" for j in range(7)), f"{ARABIC}: how often, as questionnaires ask it, do you go there?"]
    X = {name: np.where(rng.random(150) < 0.15 + 0.7 * z, "yes", "no").astype(object) for name in names}
    return LatentClassAnalysis(2, n_init=1, random_state=0).fit(pandas.DataFrame(X)), pandas.DataFrame(X)


def topics():
    rng = np.random.default_rng(0)
    words = [["sea", "ship", "wind", "sail"], ["oven", "bread", "salt", "flour"]]
    X = [" ".join(rng.choice(words[d % 2], 12)) for d in range(30)]
    return LatentDirichletAllocation(2, random_state=0).fit(X), X


KINDS = {"mixture": mixture, "series": series, "holes": holes, "classes": classes, "topics": topics}


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        contained = ["--no-sandbox", "--disable-dev-shm-usage"]
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=contained)
        yield running
        running.close()


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page of a kind, its pictures empty, which saves time, but for one that can be looked at."""

    def saved_if_it_is_looked_at(self, *args, **how):
        return saved(self, *args, **how) if self.name == "data" else TINY

    folder, saved = tmp_path_factory.mktemp("pages"), Figure._saved

    @cache
    def page(kind):
        model, X = KINDS[kind]()
        with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
            patch.setattr(Figure, "_saved", saved_if_it_is_looked_at)
            patch.setattr(Figure, "alternative", lambda self: self.name)
            patch.setattr(replay, "N_STARTS", 2)
            latently.report(model, X, folder / f"{kind}.html")
        return folder / f"{kind}.html"

    return page


class Watched:
    """A page, and all that it complained of or asked the world for."""

    def __init__(self, context, path):
        self.complaints, self.requests = [], []
        self.page = context.new_page()
        self.page.on("console", lambda said: self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())

    def drawn(self):
        return self.page.locator(".stage svg").inner_html(), self.page.locator(".climb svg").inner_html()

    def taken(self, button):
        """What a button gives: the name of the file, and its text."""
        with self.page.expect_download() as waiting:
            button.click()
        with open(waiting.value.path(), encoding="utf-8", newline="") as file:
            return waiting.value.suggested_filename, file.read()

    def violations(self, **options):
        found = axe.Axe().run(self.page, options=options).response["violations"]
        return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


@pytest.fixture
def opened(browser, page):
    contexts = []

    def opened(kind, **how):
        contexts.append(browser.new_context(viewport={"width": 1200, "height": 900}, **how))
        return Watched(contexts[-1], page(kind))

    yield opened
    for context in contexts:
        context.close()


over_kinds = pytest.mark.parametrize(
    "kind", ["mixture", *by_night(*(kind for kind in KINDS if kind != "mixture"))]
)


@over_kinds
def test_the_slider_moves_the_picture_and_the_curve_and_nothing_is_fetched(opened, kind):
    watched = opened(kind)
    page, slider = watched.page, watched.page.get_by_label("Step of EM")
    last, said = watched.drawn(), page.locator(".said").inner_text()
    slider.fill("0")
    first = watched.drawn()
    assert first[0] != last[0]
    assert first[1] != last[1]
    assert page.locator(".said").inner_text() != said
    assert slider.get_attribute("aria-valuetext") == page.locator(".said").inner_text()
    slider.focus()
    page.keyboard.press("End")
    assert watched.drawn() == last
    assert watched.complaints == []
    assert all(url.startswith(("file:", "data:", "blob:")) for url in watched.requests)


@over_kinds
def test_all_can_be_read_and_reached(opened, kind):
    watched = opened(kind, color_scheme="light")
    assert watched.violations() == []
    watched.page.emulate_media(color_scheme="dark")
    assert watched.violations(runOnly=["color-contrast"]) == []
    for landmark in ("banner", "main", "contentinfo"):
        assert watched.page.get_by_role(landmark).count() == 1


def brightness(locator):
    """The mean of what is seen, from 0 (black) to 1 (white)."""
    return pyplot.imread(io.BytesIO(locator.screenshot()))[..., :3].mean()


def test_pictures_are_dark_on_a_dark_page_and_light_on_paper(opened):
    page = opened("mixture", color_scheme="dark").page
    pictures = [page.locator("figure img").first, page.locator(".stage svg")]
    assert max(map(brightness, pictures)) < 0.35
    page.emulate_media(media="print")
    assert min(map(brightness, pictures)) > 0.75
    page.emulate_media(media="screen", color_scheme="light")
    assert min(map(brightness, pictures)) > 0.75


def test_play_goes_through_all_steps_and_ends(opened):
    page, said = opened("mixture").page, []
    page.clock.install(time=datetime(2030, 1, 1))
    page.clock.pause_at(datetime(2030, 1, 2))  # no time passes but what is asked for: load does not matter
    said.append(page.locator(".said").inner_text())
    page.get_by_role("button", name="Play").click()
    last = int(page.get_by_label("Step of EM").get_attribute("max"))
    for _ in range(last + 1):
        said.append(page.locator(".said").inner_text())
        page.clock.run_for(260)
    assert len(set(said)) == 1 + last > 10
    assert said[-1] == said[0]
    assert page.get_by_role("button", name="Play").count() == 1  # it says Pause until the end


def test_times_beside_the_axis_are_round(opened):
    written = opened("series").page.locator(".stage svg text").all_text_contents()
    assert {"0", "20", "40", "60", "80", "100"} <= set(written)


def test_columns_can_be_chosen_and_rows_asked_by_pointer_and_by_key(opened):
    watched = opened("mixture")
    page, before = watched.page, watched.drawn()[0]
    for name in ("product", "wait", "eruption"):
        page.get_by_label("Up:").select_option(label=name)
    page.get_by_label("Across:").select_option(label="product")
    assert watched.drawn()[0] != before
    assert "product" in page.locator(".stage svg").text_content()
    page.locator(".stage .dot").first.hover(force=True)
    tip = page.locator(".tip").inner_text().split()
    assert tip[0] == "row"
    assert {"eruption", "wait", "product", "cluster"} <= set(tip)
    page.locator(".stage").focus()
    page.keyboard.press("ArrowRight")
    aloud = page.locator("[aria-live]").inner_text()
    row = int(aloud.split()[1].rstrip(":"))
    assert f"wait {FAITHFUL['wait'][row - 1]:.0f}," in aloud


def test_tables_are_sorted_searched_and_taken(opened):
    watched = opened("classes")
    page = watched.page
    grid = page.locator("table:has(caption:has-text('Clusters'))").first
    whole = watched.taken(grid.get_by_role("button", name="Clusters as CSV"))
    assert whole[0] == "clusters.csv"
    lines = list(csv.reader(io.StringIO(whole[1])))
    assert lines[0] == ["", "cluster 0", "cluster 1"]
    assert sum(int(cell) for cell in lines[1][1:]) == 150
    grid.get_by_role("button", name="Sort by cluster 1").click()

    def cells():
        return [
            float(text.rstrip("%").replace(",", ""))
            for text in grid.locator("tbody td:nth-child(3)").all_inner_texts()
        ]

    assert cells() == sorted(cells())
    grid.get_by_role("button", name="Sort by cluster 1").click()
    assert cells() == sorted(cells(), reverse=True)
    grid.get_by_role("searchbox").fill("Q3")
    assert {text.split()[0] for text in grid.locator("tbody tr:visible th").all_inner_texts()} == {"q3"}
    assert watched.complaints == []


def test_long_names_stay_in_their_place_on_a_phone_and_scripts_in_their_direction(opened):
    page = opened("classes").page
    page.set_viewport_size({"width": 390, "height": 800})
    page.reload()
    for axis in ("Across:", "Up:"):
        page.get_by_label(axis).select_option(index=page.get_by_label(axis).locator("option").count() - 1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    outside = """[...document.querySelectorAll(".stage svg text")].filter((text) => {
      const [a, b] = [text.getBoundingClientRect(), text.ownerSVGElement.getBoundingClientRect()];
      return a.left < b.left - 1 || a.right > b.right + 1 || a.top < b.top - 1 || a.bottom > b.bottom + 1;
    }).map((text) => text.textContent)"""
    assert page.evaluate(outside) == []
    assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('.stage text')).fontSize)") >= 12
    assert set(page.locator("main bdi").all_inner_texts()) == {ARABIC}


def test_pictures_are_taken_as_svg(opened):
    watched = opened("mixture")
    name, text = watched.taken(watched.page.get_by_role("button", name="data as SVG"))
    assert name == "data.svg"
    assert text.startswith("<svg")
    name, text = watched.taken(watched.page.get_by_role("button", name="Picture as SVG"))
    assert name.endswith(".svg")
    assert text.count('class="dot"') == 68
    watched.page.get_by_label("Step of EM").fill("0")
    name, text = watched.taken(watched.page.get_by_role("button", name="At this step as CSV"))
    assert name == "at-this-step.csv"
    first, second = list(csv.reader(io.StringIO(text)))[:2]
    assert first == ["", "cluster 0", "cluster 1"]
    assert second == ["share", *(f"{share:.0%}" for share in (0.5, 0.5))]


def test_without_a_script_the_page_says_the_same_and_shows_no_tools(opened):
    page = opened("mixture", java_script_enabled=False).page
    assert page.get_by_role("button").count() == 0
    assert not page.locator("section[data-replay]").is_visible()
    assert page.get_by_role("table").count() >= 1
    assert page.locator("figure img").first.evaluate("image => image.naturalWidth") > 100


def test_a_printed_page_has_no_tools(opened):
    page = opened("mixture").page
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 640, "height": 900})  # A4 without its margins
    assert not page.get_by_role("button", name="Play").is_visible()
    assert page.locator(".stage").is_visible()
    cut = "[...document.querySelectorAll('.scroll')].filter((box) => box.firstChild.offsetWidth > 640).length"
    assert page.evaluate(cut) == 0
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details dd").first.is_visible()
