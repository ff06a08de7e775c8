"""`campaign` that may write a core file: run in its place, to see that it is noticed."""

import resource
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[2])

from campaign.__main__ import main  # noqa: E402  after the path is right

resource.setrlimit = lambda *_: None
main()
