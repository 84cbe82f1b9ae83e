"""Reports: figures, tables and the summary of a run."""
