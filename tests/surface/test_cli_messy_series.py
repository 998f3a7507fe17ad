"""Series as people have them, through the real command: what is time, what tells them apart, what order."""

import numpy as np
import polars
import pytest

from latently.cli.tables.dates import read_dates
from tests.command import model_of, rows_of, said_in, summary_of

RNG = np.random.default_rng(0)
STATES = np.repeat([0, 1, 0, 1], [30, 25, 20, 25])
LEVEL = 20 + 6 * STATES + RNG.normal(size=100)
DAYS = np.datetime64("2024-01-01") + np.arange(100)
SENSORS = [
    (f"{day.astype(object):%d.%m.%Y}", sensor, f"{LEVEL[i] + j:.3f}".replace(".", ","))
    for i, day in enumerate(DAYS)
    for j, sensor in enumerate(["north", "south"])
    if i not in (40, 41)
]
POPULATION = 90_000 + np.cumsum(RNG.integers(1, 99, 100))
SERIES = {
    "sensors below each other": (
        "\n".join(["day;sensor;level", *map(";".join, SENSORS)]),
        (),
        {
            "states": "normal",
            "says": (
                "Column 'sensor' was taken to tell 2 series apart",
                "The rows were sorted by 'sensor' and 'day'",
                "4 steps of 'day' without a row were put in with empty cells: 196 rows make 200 steps",
            ),
            "left_out": {"day": "the time", "sensor": "the sequence"},
        },
    ),
    "rows out of order, and months left out": (
        "\n".join(
            ["month,level"]
            + [
                f"{np.datetime64('2015-01') + int(i)},{LEVEL[i]:.3f}"
                for i in np.random.default_rng(0).permutation(100)
                if i not in (12, 50, 51)
            ]
        ),
        (),
        {
            "states": "normal",
            "says": ("sorted by 'month'", "3 steps of 'month' without a row were put in"),
            "left_out": {"month": "the time"},
        },
    ),
    "revenue in whole numbers, and a population that only rises": (
        "\n".join(["revenue,population", *(f"{1000 * LEVEL[i]:.0f},{POPULATION[i]}" for i in range(100))]),
        ("--column", "revenue"),
        {
            "states": "normal",
            "says": ("taken for numbers (normal): it holds whole numbers from 0, and its BIC is",),
            "left_out": {"population": "not asked for"},
        },
    ),
    "visits that vary more than Poisson counts": (
        "\n".join(["visits", *map(str, RNG.negative_binomial(2, 2 / (2 + 5 + 60 * STATES)))]),
        (),
        {"states": "negative binomial", "says": ("as counts (Poisson)",), "left_out": {}},
    ),
}


@pytest.mark.parametrize("case", SERIES)
def test_a_messy_series_is_put_in_order(run, here, case):
    content, options, expected = SERIES[case]
    (here / "t.csv").write_text(content)
    code, out, err = run("segment", "t.csv", "-k", "2", *options)
    assert (code, err) == (0, "")
    results = here / "latently-segment-t"
    for words in expected["says"]:
        assert words in said_in(out)
    assert summary_of(results)["columns_left_out"] == expected["left_out"]
    assert model_of(results)._model.emission.called == expected["states"]
    rows = rows_of(results / "result.csv", ";" if ";" in content else ",")
    width = content.split("\n", 1)[0].count(";" if ";" in content else ",") + 1
    kept = [(";" if ";" in content else ",").join(row[:width]) for row in rows]
    assert kept == content.split("\n")
    again = run("predict", str(results / "model.latently"), "t.csv")[1]  # which remembers what was what
    assert "series apart" not in again or "sensors" in case
    assert rows_of(here / "latently-predict-t" / "result.csv", ";" if ";" in content else ",") == rows


def test_a_date_that_may_be_either_is_told(run, here):
    lines = [f"0{1 + i // 8}/0{1 + i % 8}/2024,{LEVEL[i]:.2f}" for i in range(40)]
    (here / "t.csv").write_text("\n".join(["day,level", *lines]))
    said = said_in(run("segment", "t.csv", "-k", "1")[1])
    assert "day ('01/02/2024' is 2 January 2024)" in said  # the other reading would go back and forth
    cells = polars.Series(["02/01/2024", "01/03/2024", "01/02/2024"])
    assert read_dates(cells, cells != "").said == ["'02/01/2024' is 1 February 2024"]
