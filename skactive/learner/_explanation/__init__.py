"""Why a candidate is asked about."""
