"""forgetbench: how deep to unfreeze a COCO-pretrained YOLO, and what COCO pays for it."""

__version__ = "0.1.0"
