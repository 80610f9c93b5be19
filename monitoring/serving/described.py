"""The OpenAPI description: each use case's own routes, with the body and an example of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi

from monitoring.serving.feedback import GivenLabel
from monitoring.serving.row_model import row_model
from monitoring.sources.derived import file_columns
from monitoring.use_case_columns import Features, Target
from monitoring.use_case_file import all_use_cases

if TYPE_CHECKING:
    from fastapi import FastAPI

    from monitoring.pages.site import Site
    from monitoring.use_case import UseCase

_BODIES = "#/components/schemas/{model}"


def describe(app: FastAPI, site: Site) -> dict[str, Any]:
    """Return the description as use-case files are now; one that can't be read is left out."""
    described = get_openapi(title=app.title, version=app.version, routes=app.routes)
    paths, schemas = described["paths"], described["components"]["schemas"]
    feedback = paths.pop("/feedback/{use_case}")
    of_row = {name: paths.pop(f"/{name}/{{use_case}}") for name in ("predict", "explain")}
    for case in all_use_cases(site.use_cases).valid:
        if not isinstance(case.columns.features, Features):
            continue
        model = row_model(case)
        schema = model.model_json_schema(ref_template=_BODIES, mode="validation")
        # A model inside another is called alike in every use case.
        own = {name: f"{model.__name__}{name}" for name in schema.get("$defs", {})}
        schemas |= {own[name]: body for name, body in schema.pop("$defs", {}).items()}
        schemas[model.__name__] = _renamed(schema, own)
        for name, route in of_row.items():
            paths[f"/{name}/{case.name}"] = _with_body(route, case, model.__name__, _row(case))
        paths[f"/feedback/{case.name}"] = _with_body(
            feedback, case, GivenLabel.__name__, {"id": "row-1", "label": _label(case)}
        )
    label = GivenLabel.model_json_schema(ref_template=_BODIES)
    schemas[GivenLabel.__name__] = label
    return described


def _renamed(schema: Any, names: dict[str, str]) -> Any:
    if isinstance(schema, dict):
        return {key: _renamed(value, names) for key, value in schema.items()}
    if isinstance(schema, list):
        return [_renamed(value, names) for value in schema]
    known = {_BODIES.format(model=name): _BODIES.format(model=own) for name, own in names.items()}
    return known.get(schema, schema) if isinstance(schema, str) else schema


def _with_body(
    route: dict[str, Any], case: UseCase, model: str, example: dict[str, Any]
) -> dict[str, Any]:
    named = [one for one in route["post"].get("parameters", ()) if one["in"] != "path"]
    own = {**route["post"], "parameters": named}
    content = {"schema": {"$ref": _BODIES.format(model=model)}, "example": example}
    return {
        "post": {
            **own,
            "summary": f"{own['summary']}: {case.title}",
            "operationId": f"{own['operationId']}_{case.name}",
            "requestBody": {"required": True, "content": {"application/json": content}},
        }
    }


def _row(case: UseCase) -> dict[str, Any]:
    numeric, categorical = file_columns(case)
    features: dict[str, Any] = dict.fromkeys(numeric, 1.0) | dict.fromkeys(categorical, "word")
    return {"id": "row-1", "features": features}


def _label(case: UseCase) -> Any:
    target = case.columns.target
    return target.values[0] if isinstance(target, Target) else 1
