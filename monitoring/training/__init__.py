"""Training: candidates, search, threshold, gate and the model registry."""
