"""The generated parts of docs/reference: metrics, fields, settings, commands, Python API."""
