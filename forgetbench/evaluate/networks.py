"""Networks to evaluate: each a list of modules an image goes through, named by content.

Two networks that run the same modules are the same network, however they came about. That makes null controls and
head-only arms cost nothing, and lets one pass share whatever prefix networks have in common.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from torch import Tensor, nn

from forgetbench.evaluate.keys import module_key, network_key
from forgetbench.files import sha256_json
from forgetbench.model import yolo
from forgetbench.model.original import Original, hash_tensors
from forgetbench.model.parts import statistics_of
from forgetbench.suite.kinds import HeadMode


@dataclass(frozen=True)
class Network:
    """A composition of modules.

    Attributes:
        modules: Content key of the module at each index, the head last.
        head: Which of the head's stacks gives the detections.
    """

    modules: tuple[str, ...]
    head: HeadMode

    def key(self) -> str:
        """Return a hash that is equal exactly for equal compositions."""
        return network_key(self.modules, self.head)


@dataclass
class ModuleStore:
    """Modules by content key, for networks to be composed of.

    A branch's modules are kept in float16, as its checkpoint stores them; copies to run are float32.
    """

    original: Original
    _modules: dict[str, nn.Module] = field(default_factory=dict)
    _bytes: dict[str, int] = field(default_factory=dict)
    _hashes: dict[str, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = zip(self.original.modules, self.original.module_hashes, strict=True)
        self.original_keys = tuple(self._put(module, content) for module, content in known)

    def _put(self, module: nn.Module, content: str | None = None) -> str:
        tensors = module.state_dict()
        kind, content = sha256_json(repr(module)), content or hash_tensors(tensors)
        key = module_key(int(module.i), kind, content)  # type: ignore[arg-type]
        self._modules.setdefault(key, module)
        self._hashes[key] = (kind, content)
        self._bytes[key] = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
        return key

    def put_branch(self, freeze_point: int, owned: nn.ModuleList, tensors: Mapping[str, Tensor]) -> tuple[str, ...]:
        """Fill a branch's modules with a checkpoint's tensors and store copies; returns their keys, head last."""
        keys = []
        for offset, template in enumerate(owned):
            prefix = f"model.{freeze_point + offset}."
            module = yolo.copy_with(template, {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)})
            keys.append(self._put(module.half()))
        return tuple(keys)

    def with_statistics_of(self, key: str, other: str) -> str:
        """Store a copy of a module whose BatchNorm statistics are those of another at its index; returns its key."""
        if key == other:
            return key
        tensors = {**self._modules[key].state_dict(), **statistics_of(self._modules[other])}
        return self._put(yolo.copy_with(self._modules[key], tensors).half())

    def fused(self, key: str, one_to_one: bool = False) -> nn.Module:
        """Return a copy of a module for inference, BatchNorm folded in."""
        return yolo.fused_for_inference(self._modules[key], one_to_one)

    def modules_of(self, network: Network) -> list[nn.Module]:
        """Return a network's modules in order, as they are kept."""
        return [self._modules[key] for key in network.modules]

    def hashes_of(self, network: Network) -> list[tuple[str, str]]:
        """Return the hashes of each module's kind and of its tensors, which its key is made of."""
        return [self._hashes[key] for key in network.modules]

    def original_network(self, head: HeadMode) -> Network:
        """Return the original itself."""
        return Network(self.original_keys, head)

    def task_network(self, freeze_point: int, owned: Sequence[str], head: HeadMode) -> Network:
        """Return the frozen prefix, the branch's modules and its task head."""
        return Network(self.original_keys[:freeze_point] + tuple(owned), head)

    def reference_network(self, freeze_point: int, owned: Sequence[str], attach: int, head: HeadMode) -> Network:
        """Return the network that COCO is scored with: adapted modules below `attach`, the original's from there."""
        adapted = self.original_keys[:freeze_point] + tuple(owned)
        return Network(adapted[:attach] + self.original_keys[attach:], head)

    def with_statistics_alone(self, network: Network) -> Network:
        """Return the original with a network's BatchNorm statistics: its weights are put back."""
        pairs = zip(self.original_keys, network.modules, strict=True)
        return replace(network, modules=tuple(self.with_statistics_of(old, new) for old, new in pairs))

    def with_weights_alone(self, network: Network) -> Network:
        """Return a network with the original's BatchNorm statistics: its weights stay as they were trained."""
        pairs = zip(self.original_keys, network.modules, strict=True)
        return replace(network, modules=tuple(self.with_statistics_of(new, old) for old, new in pairs))

    def nbytes(self) -> int:
        """Return the bytes of the stored modules that are not the original's."""
        return sum(self._bytes[key] for key in self._modules.keys() - set(self.original_keys))

    def keep_only(self, networks: Sequence[Network]) -> None:
        """Forget modules that neither the original nor any of the networks needs."""
        needed = {key for network in networks for key in network.modules} | set(self.original_keys)
        self._modules = {key: module for key, module in self._modules.items() if key in needed}
