"""What a retrain and a report do, step by step; DAGs and commands call these."""
