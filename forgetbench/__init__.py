"""forgetbench: how deep to unfreeze a COCO-pretrained YOLO, and what COCO pays for it.

>>> import forgetbench
>>> result = forgetbench.run("suites/quickstart.yaml")
>>> result.results()  # a pandas DataFrame, one row per scored thing
"""

from forgetbench import run
from forgetbench.errors import ForgetbenchError

__version__ = "0.1.0"
__all__ = ["ForgetbenchError", "__version__", "run"]
