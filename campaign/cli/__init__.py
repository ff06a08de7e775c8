"""What a person types, and what they see. Parses, calls, prints; thin."""
