"""No DAG: an import error where a use-case file can't be read, for whoever looks at Airflow.

Airflow keeps one import error per file and holds every DAG of that file stale while there is one,
so it must not be `retrain.py` or `reporting.py` that raises: they define the DAGs of all use cases
that can be read. This file has no DAG to lose. Its error stands in the banner above the list of
DAGs, the first thing that is seen there, names each broken use-case file with what is wrong in
it, and goes away once they are repaired. A DAG that fails would have to be run first, and a DAG
warning needs a DAG to belong to.
"""

from __future__ import annotations

from monitoring.wiring import refuse_broken_files

refuse_broken_files()
