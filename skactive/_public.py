"""The name under which a public object is known."""

import sys


def present(room: str) -> None:
    """Make a room the home of all that its ``__all__`` lists.

    The private module that happens to define a class then shows neither in its ``repr`` nor in a
    pickle, and may be renamed without breaking either. A room's ``__init__`` calls it last:
    ``present(__name__)``.

    Parameters
    ----------
    room : str
        Name of an imported module.
    """
    module = sys.modules[room]
    for name in module.__all__:
        member = getattr(module, name)
        if getattr(member, "__module__", "").startswith(f"{room}._"):
            member.__module__ = room
