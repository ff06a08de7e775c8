"""The only room that waits: claims leads, sends requests at the pace, hears callbacks, asks for silent calls."""
