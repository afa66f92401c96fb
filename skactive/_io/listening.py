"""The address that the labelling page listens on.

The command checks its arguments by this module before it loads scikit-learn.
"""

from __future__ import annotations

import ipaddress
import os
import socket


def check_reach(host: str, *, allow_network: bool) -> None:
    """Raise if other machines can reach a host, unless that is allowed."""
    if not is_loopback(host) and not allow_network:
        raise ValueError(f"{reach_of(host)} Hint: use 127.0.0.1, or allow it by --allow-network.")


def reach_of(host: str) -> str:
    """Return what a host that other machines can reach means."""
    return (
        f"Other machines can reach a page on {host}: those who know its address can see and change "
        "all samples and labels, and the connection is not encrypted."
    )


def listening(host: str, port: int) -> socket.socket:
    """Return a listening socket, or raise an OSError in a sentence; port 0 is any free one."""
    try:
        return _listening(host, port)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error).removeprefix("bind(): ")
        raise OSError(
            f"The page cannot listen on {host}, port {port}: {reason.rstrip('.')}. Hint: choose "
            "another port by --port, or leave it out."
        ) from error


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # A port whose last connections wait for their end is free. On Windows the option would
            # let another program take the port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except BaseException:
        listener.close()
        raise
    return listener


def is_address(name: str) -> bool:
    """Return whether a host name is an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a host: localhost, 127.0.0.1 or ::1."""
    return host == "localhost" or (is_address(host) and ipaddress.ip_address(host).is_loopback)
