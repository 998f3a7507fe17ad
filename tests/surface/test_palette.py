"""Colours of components can be seen on light and dark pages, and told apart by all who look at them."""

import re
from importlib.resources import files
from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from latently import LatentDirichletAllocation, PoissonHMM, plots
from latently.plots.palette import COLOURS, IN_THE_DARK, NEUTRAL, PAPER, colour, marker, on

# Of a linear RGB, the response of long, middle and short cones, and what becomes of it without long or middle
# ones (Vienot, Brettel & Mollon 1999, by way of equations 3 to 6).
CONES = np.array([[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]])
SEEN = {
    "by all cones": np.eye(3),
    "without long cones": np.array([[0, 2.02344, -2.52581], [0, 1, 0], [0, 0, 1]]),
    "without middle cones": np.array([[1, 0, 0], [0.494207, 0, 1.24827], [0, 0, 1]]),
}
# Ottosson, B. (2020). A perceptual color space for image processing: OKLab, of linear RGB.
TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def linear(colours):
    rgb = np.array([to_rgb(one) for one in colours])
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """Of WCAG 2."""
    less, more = sorted(linear([one, other]) @ [0.2126, 0.7152, 0.0722])
    return (more + 0.05) / (less + 0.05)


def test_papers_are_those_of_the_page():
    style = files("latently.report").joinpath("style.css").read_text(encoding="utf-8")
    assert re.findall(r"--paper: (#\w{6})", style) == [PAPER, IN_THE_DARK[PAPER]]


@pytest.mark.parametrize("paper", [PAPER, IN_THE_DARK[PAPER]])
@pytest.mark.parametrize("one", [*COLOURS, NEUTRAL])
def test_a_colour_can_be_seen_on_light_and_dark_paper(one, paper):
    assert contrast(one, paper) >= 3.0  # 1.4.11, of graphical objects
    assert contrast(one, on(one)) >= 4.5  # 1.4.3, of text


def read(written, layers):
    """The lesser contrast of what is written on layers of colour, on light and on dark paper."""
    found = []
    for dark, paper in enumerate((PAPER, IN_THE_DARK[PAPER])):
        behind = np.array(to_rgb(paper))
        for one, opacity in layers:
            behind = opacity * np.array(to_rgb(one)) + (1 - opacity) * behind
        found.append(contrast(IN_THE_DARK.get(written, written) if dark else written, behind))
    return min(found)


@pytest.mark.parametrize("one", [*COLOURS, NEUTRAL])
def test_what_is_written_on_a_colour_through_which_paper_shows_can_be_read(one):
    layers = [[(one, opacity)] for opacity in np.linspace(0, 1, 101)]
    layers += [[(one, 0.35), (other, 0.35)] for other in COLOURS]
    assert min(read(on(*some), some) for some in layers) >= 4.5


def test_numbers_of_a_map_can_be_read():
    """Of all shades, from the palest to the darkest."""
    stays = np.linspace(0.03, 0.98, 12)
    transmat = (1 - stays[:, None]) * (1 - np.eye(12)) / 11 + np.diag(stays)
    model = PoissonHMM.from_parameters(np.full(12, 1 / 12), transmat, np.arange(1.0, 13.0)[:, None])
    ax = plots.transitions(model)
    (mesh,) = ax.collections
    shades = mesh.to_rgba(np.concatenate([[transmat[0, 1]], stays]))
    written = {text.get_text(): text.get_color() for text in ax.texts}
    for stay, (*shade, opacity) in zip(stays, shades[1:], strict=True):
        assert read(written[f"{stay:.2f}".removeprefix("0")], [(shade, opacity)]) >= 4.5


def test_numbers_of_circles_that_overlap_can_be_read():
    """Topics that are all alike lie upon each other."""
    model = LatentDirichletAllocation(6)
    model.components_ = np.full((6, 30), 20.0) + 1e-9 * np.eye(6, 30)
    ax = plots.topic_map(model)
    circles = [(one.get_facecolor()[0][:3], one.get_facecolor()[0][3]) for one in ax.collections]
    numbers = [text for text in ax.texts if text.get_text().isdecimal()]
    assert len(numbers) == len(circles) == 6
    assert min(read(text.get_color(), circles) for text in numbers) >= 4.5


def test_what_a_page_writes_on_its_grounds_and_bars_can_be_read():
    style = files("latently.report").joinpath("style.css").read_text(encoding="utf-8")
    light, dark, printed = (
        dict(re.findall(r"--([a-z-]+): (#\w+)", part)) for part in re.findall(r":root \{[^}]*\}", style)
    )
    for page in (light, light | dark, light | printed):
        for ground in ("paper", "ground", "best", "warn"):
            assert contrast(page["ink"], page[ground]) >= 4.5
            assert contrast(page["accent-text"], page[ground]) >= 4.5
        assert min(contrast(page["faint"], page[ground]) for ground in ("paper", "ground")) >= 4.5
        for one in COLOURS:  # bars of likely words
            behind = 0.35 * np.array(to_rgb(one)) + 0.65 * np.array(to_rgb(page["paper"]))
            assert contrast(page["ink"], behind) >= 4.5


@pytest.mark.parametrize("who", SEEN)
def test_ten_colours_are_told_apart(who):
    missing = np.linalg.inv(CONES) @ SEEN[who] @ CONES
    lab = np.cbrt(np.clip(linear(COLOURS) @ missing.T, 0.0, 1.0) @ TO_LMS.T) @ TO_LAB.T
    assert len(COLOURS) == 10
    assert min(np.linalg.norm(a - b) for a, b in combinations(lab, 2)) > 0.075


def test_no_two_of_very_many_components_look_the_same():
    assert len({(colour(k), marker(k)) for k in range(30)}) == 30
