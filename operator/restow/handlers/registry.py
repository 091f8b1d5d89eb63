"""The registry of our handlers."""

from typing import Final

import kopf

REGISTRY: Final = kopf.OperatorRegistry()
"""Ours alone; kopf's global default registry would be shared with whoever imports kopf."""
