"""The format of a run: its folder, manifest, tables, records, journal and seal."""
