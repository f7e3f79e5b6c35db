"""The hosted account: people, their sessions and what they may ask of their data.

It runs by itself on SQLite and a folder, or on PostgreSQL when one machine is not enough. It shares messages and
reports with the daemon (``uptrack_bridges``, ``uptrack_analysis``), and neither imports the other.
"""
