"""What a call is and what follows from it. Nothing here waits, logs, draws or reads a clock: `now` is an argument."""
