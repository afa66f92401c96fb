"""Adapters for other active-learning tools, one public package per tool.

Importing an adapter does not import its tool: the first use does, with an error that names the
extra to install if the tool is missing.
"""
