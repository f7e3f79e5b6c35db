"""The two array types that pass between decoder, meters and rules, so that shapes and units are said once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

Block = NDArray[np.float32]
"""Audio on its way through the meters: shape (channels, frames), finite, full scale 1.0 (float files may exceed it)."""
