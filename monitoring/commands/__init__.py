"""The commands of `tocsin`, one module per subject; monitoring.cli joins them."""
