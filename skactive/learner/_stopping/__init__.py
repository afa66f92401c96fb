"""Stopping criteria, and the estimate of the accuracy."""
