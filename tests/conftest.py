"""How hypothesis looks for counterexamples."""

from hypothesis import settings

# No deadline: the first call of a compiled kernel takes seconds. The examples are the same every time, so a
# failure hangs on what was changed; `pytest --hypothesis-profile searching` looks for new ones.
settings.register_profile("latently", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("searching", deadline=None, print_blob=True)
settings.load_profile("latently")
