"""Every example runs and says what it should."""

import os
import re
import runpy
import sys
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.command import COMPILING

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = sorted(FOLDER.glob("*.py"))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run an example once, each in a folder of its own: the folder and what it printed."""

    @cache
    def once(stem):
        folder = tmp_path_factory.mktemp(stem)
        with pytest.MonkeyPatch.context() as there, redirect_stdout(StringIO()) as out:
            there.chdir(folder)
            there.setattr(sys, "argv", [str(FOLDER / f"{stem}.py")])
            runpy.run_path(sys.argv[0], run_name="__main__")
        return folder, out.getvalue()

    return once


@pytest.mark.parametrize("stem", [path.stem for path in EXAMPLES])
def test_an_example_runs_without_a_warning_and_says_something(run, stem, capfd):
    assert run(stem)[1]
    out, err = capfd.readouterr()
    assert (out, err.replace(COMPILING, "")) == ("", "")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_short_and_says_what_it_shows(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) < 60
    assert lines[0].startswith('"""')


def test_a_family_of_ones_own_finds_the_true_rates(run):
    rows = [row.split() for row in re.findall(r"\[([\d. ]+)\]", run("own_family")[1])]
    true, fitted = np.array(rows[::2], dtype=float), np.array(rows[1::2], dtype=float)
    assert true.shape == (2, 3)
    assert_allclose(fitted, true, rtol=0.15)


def test_blobs_are_found_again(run):
    folder, out = run("blobs")
    found = dict(re.findall(r"^(adjusted Rand index|silhouette) +([\d.]+)", out, re.MULTILINE))
    assert float(found["adjusted Rand index"]) > 0.95
    assert float(found["silhouette"]) > 0.5
    assert os.listdir(folder) == ["blobs.png"]
    assert (folder / "blobs.png").read_bytes().startswith(b"\x89PNG")


def test_imputation_beats_column_means_and_only_forgetting_biases_the_covariance(run):
    _, out = run("imputation")
    found = dict(re.findall(r"^ *(\S.*?)  +(.+)$", out, re.MULTILINE))
    assert float(re.search(r"missing ([\d.]+)%", out)[1]) == pytest.approx(20, abs=1)
    assert float(found["imputer"]) < 0.88 * float(found["column means"])
    exact = [float(entry) for entry in re.findall(r"[+-][\d.]+", found["with the conditional"])]
    forgetful = [float(entry) for entry in re.findall(r"[+-][\d.]+", found["without it"])]
    assert len(exact) == len(forgetful) == 6
    assert max(map(abs, exact)) < 3
    assert max(forgetful[:3]) < -5  # variances too small
    assert min(forgetful[3:]) > 5  # correlations too large


def test_the_casino_is_decoded_as_in_the_book_and_learned_from_many_rolls(run):
    _, out = run("dishonest_casino")
    rolls = "".join(re.findall(r"^  rolls (\d+)$", out, re.MULTILINE))
    dice = "".join(re.findall(r"^  dice  ([FL]+)$", out, re.MULTILINE))
    assert len(rolls) == len(dice) == 300
    assert dice.count("L") == 84
    published, path = map(
        float, re.search(r"^published .*hood ([-\d.]+), path ([-\d.]+)$", out, re.MULTILINE).groups()
    )
    assert published == pytest.approx(-516.928, abs=1e-3)
    assert path == pytest.approx(-539.494, abs=1e-3)
    fitted = float(re.search(r"^fitted .*log-likelihood ([-\d.]+)", out, re.MULTILINE)[1])
    assert fitted >= -513.723

    shares = {}
    for name, *row in re.findall(
        r"^  (\w+) model +path ([\d.]+), .*? ([\d.]+), .* ([\d.]+)$", out, re.MULTILINE
    ):
        shares[name] = by_path, by_roll, by_past = [float(share) for share in row]
        assert by_roll >= by_path
        assert by_roll >= by_past
    always = float(re.search(r"saying fair ([\d.]+)", out)[1])
    assert min(shares["published"]) > always + 0.05
    assert shares["learned"] == pytest.approx(shares["published"], abs=0.02)


def test_three_states_are_decoded_as_well_as_by_the_truth(run):
    _, out = run("three_states")
    found = re.findall(r"^(\w+) parameters +(-[\d.]+) +([\d.]+)$", out, re.MULTILINE)
    score = {name: (float(log_likelihood), float(accuracy)) for name, log_likelihood, accuracy in found}
    assert score["fitted"][0] > score["true"][0]
    assert score["true"][1] > 0.88
    assert score["fitted"][1] > score["true"][1] - 0.02
    paths = dict(re.findall(r"^(true|decoded) +([012]{100})$", out, re.MULTILINE))
    agree = [a == b for a, b in zip(paths["true"], paths["decoded"], strict=True)]
    assert sum(agree) > 80


def test_planted_topics_are_found_again(run):
    folder, out = run("planted_topics")
    words = [set(line.split(", ")) for line in re.findall(r"^topic \d: (.+)$", out, re.MULTILINE)]
    firsts = [{"tree", "bird", "river"}, {"vote", "law", "party"}, {"song", "drum", "stage"}]
    assert len(words) == 3
    assert all(sum(first <= topic for topic in words) == 1 for first in firsts)
    cosines = re.search(r"partner ([\d. ]+)$", out, re.MULTILINE)[1].split()
    assert len(cosines) == 3
    assert min(map(float, cosines)) > 0.98
    error, found = re.search(r"off by ([\d.]+), .* in (\d+)%$", out, re.MULTILINE).groups()
    assert float(error) < 0.06
    assert int(found) >= 92
    numbers = r"^perplexity ([\d.]+)\n.* planted topics ([\d.]+), .* ([\d.]+)$"
    found, planted, without = map(float, re.search(numbers, out, re.MULTILINE).groups())
    assert found < 1.05 * planted
    assert planted < 0.7 * without
    assert os.listdir(folder) == ["planted_topics.png"]
    assert (folder / "planted_topics.png").read_bytes().startswith(b"\x89PNG")
