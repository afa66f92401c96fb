"""Files: fingerprints, atomic writes, tables and content keys."""
