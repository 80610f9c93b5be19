"""Evidently reports on windows: written, listed, retained.

A report explains a window; it is drawn on a bounded random sample and is never the source of a
published number. `report.write_report` writes one, `pages.write_index` lists them,
`retention.keep_newest` removes the old ones.
"""
