"""Files of the first format, one for each kind of estimator: they say what they said when they were saved.

`version_1.tar.xz` was made once and is never made again. It holds the files, and `expected.json`: rows,
answers and log-likelihoods of the estimators that were saved.
"""

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from examples.own_family import Exponential
from latently import LatentDirichletAllocation, load

with tarfile.open(Path(__file__).with_name("version_1.tar.xz")) as archive:
    FILES = {member.name: archive.extractfile(member).read() for member in archive}
EXPECTED = json.load(io.BytesIO(FILES.pop("expected.json")))


def answer(model, X):
    """What the model says of rows."""
    if hasattr(model, "transform"):
        return model.transform(X)
    if hasattr(model, "transmat_"):
        return model.predict_proba(X)
    return np.column_stack([model.predict_proba(X), model.score_samples(X)])


def rows(model, X):
    """Rows as they were, of which JSON has written missing cells as null."""
    if isinstance(model, LatentDirichletAllocation):
        return X
    X = np.array(X, dtype=object if isinstance(X[0], str) else float)
    names = getattr(model, "feature_names_in_", None)
    return X if names is None else pd.DataFrame(X, columns=names)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_of_the_first_format_loads_and_says_the_same(name, tmp_path):
    expected, path = EXPECTED[name], tmp_path / "model"
    path.write_bytes(FILES[f"{name}.latently"])
    model = load(path, families=(Exponential,))
    assert type(model).__name__ == expected["class"]
    X = rows(model, expected["X"])
    found = answer(model, X)
    assert_allclose(found, np.array(expected["answer"], dtype=float), rtol=1e-7, atol=1e-12)
    assert getattr(model, "log_likelihood_", None) == expected.get("log_likelihood")
    model.save(path)
    assert_array_equal(answer(load(path, families=(Exponential,)), X), found)
