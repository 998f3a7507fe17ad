"""How hypothesis looks for counterexamples, and who works on small tables."""

import pytest
from hypothesis import settings

from latently.core import array_source

# No deadline: the first call of a compiled kernel takes seconds. The examples are the same every time, so a
# failure hangs on what was changed; `pytest --hypothesis-profile searching` looks for new ones.
settings.register_profile("latently", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("searching", deadline=None, print_blob=True)
settings.load_profile("latently")


@pytest.fixture
def shared_out(monkeypatch):
    """Threads share the work on a table of any size, as they do on one that is large."""
    monkeypatch.setattr(array_source, "TO_SHARE_OUT", 0)
