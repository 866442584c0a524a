"""The ten checks to make first on a real SQL Server, by one command, as a table of what held.

They stand on the tools of the tests: its databases, its rows, its proxy.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "warehouse"))
