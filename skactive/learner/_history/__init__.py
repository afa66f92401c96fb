"""The answers of an annotator, in memory and in a file."""
