"""How alembic reaches the database: over the connection it is handed by `infer/web/store.py`."""

from __future__ import annotations

from alembic import context

from infer.web.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table="guide_version",  # a plug-in's tables may have an alembic of their own
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
