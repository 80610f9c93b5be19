"""Other tools beside ours, each in an environment of its own, never in the lock.

A question is a message with the paths of Parquet files, an answer a message with what the tool
found and what that took. The first question makes the tool's environment (seconds; NannyML takes
900 MB) under `.tocsin/peers/`. From the checkout's folder, with the project's Python:

    from benchmarks.peers.ask import NANNYML_DRIFT, NANNYML_ESTIMATE, WHYLOGS_PROFILE, ask
    from benchmarks.peers.messages import Comparison, DriftRequest, EstimateRequest

    drift = ask(NANNYML_DRIFT, DriftRequest(
        comparisons=(Comparison(reference="before.parquet", windows=("a.parquet", "b.parquet")),),
        numeric=("amount", "v1"), categorical=("country",),
    ))
    for window in drift.windows:
        print(window.window, window.flagged)      # names of the flagged columns

    estimate = ask(NANNYML_ESTIMATE, EstimateRequest(
        reference="labelled.parquet",             # y_true, y_pred, y_pred_proba
        windows=("monday.parquet",),              # y_pred, y_pred_proba
    ))
    print(estimate.windows[0].of("recall").value)

`EVIDENTLY_DRIFT`, `SCIPY_DRIFT` and our own scripts run by the lock, in a process of their own too,
so that time and memory are measured alike.

Starting NannyML takes some 7 s of imports: ask about many comparisons at once. `answer.cost` holds
wall and processor time after imports and reading, and the peak of resident memory.

To pin anew, in this folder (NannyML with `--override nannyml.overrides`):

    uv pip compile --no-header --no-emit-index-url --no-annotate --python-version 3.11 X.in -o X.txt
"""
