"""How hypothesis looks for counterexamples."""

import os

from hypothesis import settings

# No deadline: the first call of a compiled kernel takes seconds. Where changes are judged (CI is set) the
# examples are the same every time; at a desk they are new ones.
settings.register_profile("latently", deadline=None, derandomize="CI" in os.environ, print_blob=True)
settings.load_profile("latently")
