"""The version of forgetbench, which runs keep and the command line says."""

__version__ = "0.1.0"
