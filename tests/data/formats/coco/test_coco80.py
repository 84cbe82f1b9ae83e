from forgetbench.data.formats.coco.coco80 import COCO_NAMES, super_categories


def test_each_class_has_its_super_category() -> None:
    groups = super_categories(COCO_NAMES)
    assert len(groups) == 80
    assert len(set(groups.values())) == 12
    first_and_last = {
        "person": "person", "bicycle": "vehicle", "boat": "vehicle", "traffic light": "outdoor", "bench": "outdoor",
        "bird": "animal", "giraffe": "animal", "backpack": "accessory", "suitcase": "accessory", "frisbee": "sports",
        "tennis racket": "sports", "bottle": "kitchen", "bowl": "kitchen", "banana": "food", "cake": "food",
        "chair": "furniture", "toilet": "furniture", "tv": "electronic", "cell phone": "electronic",
        "microwave": "appliance", "refrigerator": "appliance", "book": "indoor", "toothbrush": "indoor",
    }  # fmt: skip
    assert {name: groups[name] for name in first_and_last} == first_and_last


def test_the_order_of_the_classes_does_not_matter_and_other_classes_have_none() -> None:
    assert super_categories(COCO_NAMES[::-1]) == super_categories(COCO_NAMES)
    assert super_categories(COCO_NAMES[:79]) == {}
    assert super_categories((*COCO_NAMES, "crane")) == {}
