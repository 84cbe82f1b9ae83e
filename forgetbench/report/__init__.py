"""Reports: figures, tables and the summary of a run."""

import logging


def _import_matplotlib() -> None:
    """Import matplotlib without its lines on a home that cannot be written: it then takes a temporary folder."""
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        import matplotlib.font_manager  # noqa: F401
    finally:
        logger.setLevel(level)


_import_matplotlib()
