"""Schema migrations of the store, one file per revision."""
