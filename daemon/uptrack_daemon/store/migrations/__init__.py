"""Alembic's folder: how migrations run (``env``) and the steps themselves (``versions``)."""
