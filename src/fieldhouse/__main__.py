"""``python -m fieldhouse``, and ``fieldhouse``: the command line."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; one that is interrupted while it is still loaded ends as later."""
    try:
        from fieldhouse.cli import main as run
    except KeyboardInterrupt:
        sys.stderr.write("fieldhouse: interrupted\n")
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
