"""Keys are hashes of all that they are made of, the same in every process and version."""

import hashlib

from forgetbench.evaluate.keys import evaluation_key, module_key, network_key


def test_a_key_is_the_hash_of_compact_json() -> None:
    assert module_key(3, "conv", "ff") == hashlib.sha256(b'[3,"conv","ff"]').hexdigest()
    assert network_key(["a", "b"], "one-to-many") == hashlib.sha256(b'[["a","b"],"one-to-many"]').hexdigest()
    settings = {"iou": 0.7, "conf": 0.001}
    expected = hashlib.sha256(b'["n","d",{"conf":0.001,"iou":0.7}]').hexdigest()
    assert evaluation_key("n", "d", settings) == expected


def test_each_thing_counts() -> None:
    assert len({module_key(*of) for of in ((1, "a", "b"), (2, "a", "b"), (1, "b", "b"), (1, "a", "a"))}) == 4
    assert network_key(["a", "b"], "one-to-one") != network_key(["b", "a"], "one-to-one")
