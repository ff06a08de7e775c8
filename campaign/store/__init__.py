"""Leads and attempts remembered: one schema, one set of statements, one process that writes."""
