"""The command, for `python -m skactive` and the script `skactive`."""

from __future__ import annotations

# As `skactive.cli.main` returns it, which takes a moment to load.
INTERRUPTED = 130


def main() -> int:
    """Run the `skactive` command; return its exit code, also if Ctrl-C ends it while it loads."""
    try:
        from skactive.cli import main as run

        return run()
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    raise SystemExit(main())
