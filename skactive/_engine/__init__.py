"""Numbers only: distances, searches, bounds and compiled loops that several packages need."""
