"""Create the first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_USE_CASE = sa.String(31)


def upgrade() -> None:
    """Make the tables of rows, scores, labels, quarantine, archives and verdicts."""
    op.create_table(
        "production_rows",
        sa.Column("use_case", _USE_CASE, nullable=False),
        sa.Column("row_id", sa.Text, nullable=False),
        sa.Column("event_time", _MOMENT, nullable=False),
        sa.Column("arrival_time", _MOMENT, nullable=False),
        sa.Column("amount", sa.Double),
        sa.Column("features", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("use_case", "row_id", name="pk_production_rows"),
    )
    op.create_index(
        "ix_production_rows_use_case_event_time", "production_rows", ["use_case", "event_time"]
    )
    op.create_table(
        "scores",
        sa.Column("use_case", _USE_CASE, nullable=False),
        sa.Column("row_id", sa.Text, nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("model_version", sa.String(64), nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("alarmed", sa.Boolean, nullable=False),
        sa.Column("scored_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("use_case", "row_id", "role", "model_version", name="pk_scores"),
    )
    op.create_table(
        "labels",
        sa.Column("use_case", _USE_CASE, nullable=False),
        sa.Column("row_id", sa.Text, nullable=False),
        sa.Column("label", sa.SmallInteger, nullable=False),
        sa.Column("label_time", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("use_case", "row_id", name="pk_labels"),
    )
    op.create_table(
        "label_conflicts",
        sa.Column("use_case", _USE_CASE, nullable=False),
        sa.Column("row_id", sa.Text, nullable=False),
        sa.Column("label_time", _MOMENT, nullable=False),
        sa.Column("label", sa.SmallInteger, nullable=False),
        sa.PrimaryKeyConstraint("use_case", "row_id", "label_time", name="pk_label_conflicts"),
    )
    op.create_table(
        "quarantined_rows",
        sa.Column("use_case", _USE_CASE, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("row_id", sa.Text, nullable=False),
        sa.Column("reason", sa.String(80), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("use_case", "key", name="pk_quarantined_rows"),
    )
    op.create_index(
        "ix_quarantined_rows_use_case_seen_at", "quarantined_rows", ["use_case", "seen_at"]
    )
    op.create_table(
        "archives",
        sa.Column("use_case", _USE_CASE, nullable=False),
        sa.Column("run_key", sa.String(250), nullable=False),
        sa.Column("as_of", _MOMENT, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("rows_archived", sa.Integer, nullable=False),
        sa.Column("rows_consumed", sa.Integer, nullable=False),
        sa.Column("file", sa.Text),
        sa.Column("sha256", sa.String(64)),
        sa.Column("first_event", _MOMENT),
        sa.Column("last_event", _MOMENT),
        sa.PrimaryKeyConstraint("use_case", "run_key", name="pk_archives"),
    )
    for name in ("consumed_rows", "archived_rows"):
        op.create_table(
            name,
            sa.Column("use_case", _USE_CASE, nullable=False),
            sa.Column("row_id", sa.Text, nullable=False),
            sa.Column("run_key", sa.String(250), nullable=False),
            sa.PrimaryKeyConstraint("use_case", "row_id", name=f"pk_{name}"),
            sa.ForeignKeyConstraint(
                ["use_case", "run_key"],
                ["archives.use_case", "archives.run_key"],
                name=f"fk_{name}_use_case_run_key",
            ),
        )
        op.create_index(f"ix_{name}_use_case_run_key", name, ["use_case", "run_key"])
    op.create_table(
        "verdicts",
        sa.Column("use_case", _USE_CASE, nullable=False),
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("window_start", _MOMENT, nullable=False),
        sa.Column("window_end", _MOMENT, nullable=False),
        sa.Column("as_of", _MOMENT, nullable=False),
        sa.Column("model_version", sa.String(64)),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("use_case", "id", name="pk_verdicts"),
    )
    op.create_index("ix_verdicts_use_case_window_end", "verdicts", ["use_case", "window_end"])
