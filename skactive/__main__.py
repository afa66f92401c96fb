"""What `python -m skactive` runs."""

from skactive.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
