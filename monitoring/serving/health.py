"""Health: whether the server answers."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

router = APIRouter()


class Healthy(BaseModel):
    """The answer of a server that is well."""

    status: str = "ok"


@router.get("/health")
def health() -> Healthy:
    """Say that the server answers."""
    return Healthy()
