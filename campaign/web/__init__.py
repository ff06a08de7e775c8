"""Thin: a request in, a word to the engine, an answer out. Checks limits and tokens, gives no word a meaning."""
