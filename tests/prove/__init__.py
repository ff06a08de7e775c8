"""The proof of the promise: `make prove`. Each part runs alone, prints what it did, and fails loudly."""
