"""The command, for `python -m skactive`."""

from skactive.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
