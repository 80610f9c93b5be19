"""Evidently reports for people: written, listed, kept.

A report explains a window; it is drawn on a bounded random sample and is never the source of a
published number. `report.write_report` writes one, `index.write_index` lists them,
`retention.keep_newest` removes the old ones.
"""
