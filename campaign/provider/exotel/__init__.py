"""Exotel's Voice API, version 1: `wire` (pure: what its words mean), `requests` (what we ask), `client` (asking it)."""
