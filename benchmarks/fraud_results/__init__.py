"""How well frauds can be detected: candidates, weights, resampling, ensembles, features.

Run by `make bench-fraud`, which prints the tables of docs/explanation/fraud-results.md. What an
experiment scored is kept under `.tocsin/fraud_results/`, so that a run that was stopped goes on,
and only what changed is computed anew.
"""
