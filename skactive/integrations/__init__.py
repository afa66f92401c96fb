"""Doors to other active-learning tools, one public module per tool.

Importing a door never imports its tool: that happens on first use, with an error that names
the extra to install where the tool is missing.
"""
