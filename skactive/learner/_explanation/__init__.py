"""Explanations of queries."""
