"""Parts shared by several packages: distances, searches, bounds, labels and compiled loops."""
