"""The drift verdict: a summary against its reference. No I/O."""
