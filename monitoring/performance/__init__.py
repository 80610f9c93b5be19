"""Performance and money from summaries. No I/O."""
