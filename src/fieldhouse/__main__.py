"""``python -m fieldhouse``: the command line."""

from fieldhouse.cli import main

main()
