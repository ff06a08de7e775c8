"""Calls every number of a list through Exotel, at the account's pace, and never twice by accident."""
