"""Colours of components can be seen on light and dark pages, and told apart by all who look at them."""

import re
from importlib.resources import files
from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

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
    assert contrast(one, on(one)) >= 3.9


@pytest.mark.parametrize("who", SEEN)
def test_ten_colours_are_told_apart(who):
    missing = np.linalg.inv(CONES) @ SEEN[who] @ CONES
    lab = np.cbrt(np.clip(linear(COLOURS) @ missing.T, 0.0, 1.0) @ TO_LMS.T) @ TO_LAB.T
    assert len(COLOURS) == 10
    assert min(np.linalg.norm(a - b) for a, b in combinations(lab, 2)) > 0.075


def test_no_two_of_very_many_components_look_the_same():
    assert len({(colour(k), marker(k)) for k in range(30)}) == 30
