"""What moves on a page: the steps of EM, recorded by a callback, encoded, and drawn by one script.

A `Recorder` remembers a fit, `Replay` is what the page is told of it, and `views` say how each kind of model
looks at a step. The script is `page.js`; without it a page says the same, and stands still.
"""

from latently.report.interactive.recorder import Recorder
from latently.report.interactive.replay import Replay

__all__ = ["Recorder", "Replay"]
