"""Migrations of the database, oldest first; driven by store/migrate.py."""
