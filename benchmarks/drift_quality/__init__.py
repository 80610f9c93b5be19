"""How well drift is separated from chance: prints the tables of docs/explanation/drift-quality.md.

``make bench-drift`` prints them all, ``make bench-drift PART=power`` one of them. Each table is
seeded on its own, so that parts made one by one are those of one long run.
"""
