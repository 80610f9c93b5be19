"""The production store: rows, scores, labels, verdicts and archives of all use cases."""
