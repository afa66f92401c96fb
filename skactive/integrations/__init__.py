"""Adapters for other active-learning tools, one public package per tool.

Importing an adapter never imports its tool: that happens on first use, with an error that names
the extra to install where the tool is missing.
"""
