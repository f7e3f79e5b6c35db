"""How often tempo, bar and key are right, beside librosa and essentia on the same files: both benchmarks in a row.

The first run renders LMMS's projects, which takes a quarter of an hour. What material is there and how it is judged is
said in ``tempo_accuracy.py`` and ``key_accuracy.py``.
"""

from __future__ import annotations

import key_accuracy
import tempo_accuracy

if __name__ == "__main__":
    print("Tempo and bar")
    tempo_accuracy.main()
    print("\nKey")
    key_accuracy.main()
