"""Migrations of the store, run by alembic when the server starts (see `infer/web/store.py`)."""
