"""A CSV file of numbers beside this module, as a scikit-learn Bunch, and what all loaders say of theirs."""

import csv
import inspect
import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any, ParamSpec

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from latently.checks.settings import BOOLEAN, checked

P = ParamSpec("P")

RETURNS = "Returns\n-------\nsklearn.utils.Bunch\n"
BEFORE = """\
Parameters
----------
as_frame : bool, default=False
    Whether to give the data as a pandas DataFrame, which needs pandas.

Returns
-------
sklearn.utils.Bunch
    A dictionary whose keys are attributes too:

"""
AFTER = """
    DESCR : str
        What the data are and where they come from.
    filename : str
        The name of the file inside the package.

Raises
------
ImportError
    If `as_frame` is true and pandas is not installed.

"""
OF_A_TABLE = """
    feature_names : list of str
        ``{names}``, the columns of `data`.
    frame : DataFrame of shape {shape} or None
        `data` once more with ``as_frame=True``, otherwise None."""


def loader(description: str) -> Callable[[Callable[P, Bunch]], Callable[P, Bunch]]:
    """Decorate a function that loads data: `as_frame` is checked, its docstring completed.

    What all say is said here; the names of a table's columns and the source are those of the description.
    """

    def decorate(function: Callable[P, Bunch]) -> Callable[P, Bunch]:
        load = checked(as_frame=(BOOLEAN,))(function)
        summary, _, said = inspect.cleandoc(function.__doc__ or "").partition(RETURNS)
        keys, _, examples = said.partition("\n\n")
        if table := re.search(r"data : ndarray of shape (\(.*?\))", keys):
            names = [f'"{name}"' for name in re.findall(r"^\| (\S+) +\|", description, re.MULTILINE)[1:]]
            keys += OF_A_TABLE.format(names=f"[{', '.join(names)}]", shape=table[1])
        source = description.partition("Source: ")[2]
        references = f"References\n----------\n{source[:1].upper()}{source[1:]}\n"
        load.__doc__ = f"{summary}{BEFORE}{keys}{AFTER}{references}{examples}\n"
        return load

    return decorate


def load_table(
    filename: str, description: str, *, as_frame: bool, dtype: type[np.generic] = np.float64
) -> Bunch:
    """Read a packaged table: the first line names the features, every other line is a sample.

    A cell ``NA`` is missing, and becomes NaN. The description says what the data are, in which units and from
    where.
    """
    text = files(__package__).joinpath(filename).read_text(encoding="utf-8")
    header, *rows = csv.reader(text.splitlines())
    data = np.array([["nan" if cell == "NA" else cell for cell in row] for row in rows], dtype=dtype)
    frame = to_frame(data, header) if as_frame else None
    return Bunch(
        data=data if frame is None else frame,
        feature_names=header,
        frame=frame,
        DESCR=description,
        filename=filename,
    )


def to_frame(data: NDArray[Any] | dict[str, Any], columns: list[str]) -> Any:
    """A pandas DataFrame of a table, or of columns by name.

    Raises an ImportError if pandas is not installed.
    """
    try:
        from pandas import DataFrame
    except ImportError as error:
        raise ImportError(
            "as_frame=True needs pandas: pip install pandas, or leave as_frame out to get NumPy arrays"
        ) from error
    return DataFrame(data, columns=columns)
