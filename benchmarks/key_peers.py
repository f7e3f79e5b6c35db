"""What librosa and essentia say of the same files; their answers are kept in ``.cache``, because they do not change.

essentia is a benchmark's tool only (``essentia_peer.py``). librosa has no key estimator, so its peer is what most
scripts do: ``chroma_cqt`` and Krumhansl's profiles.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from essentia_peer import essentia_python
from key_scores import Key

from key_corpus import CACHE, NAMES

ESSENTIA_PROFILES = ("edma", "bgate", "edmm")
_ASK_ESSENTIA = """import json, sys, essentia, essentia.standard as es
essentia.log.infoActive = essentia.log.warningActive = False
for path in json.load(sys.stdin):
    audio = es.MonoLoader(filename=path, sampleRate=44100)()
    answers = {profile: es.KeyExtractor(profileType=profile)(audio)[:2] for profile in sys.argv[1:]}
    print(json.dumps([path, answers]), flush=True)
"""

# fmt: off
# Krumhansl and Kessler's probe-tone ratings (1982).
_KRUMHANSL = {
    False: (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    True: (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
# fmt: on


def essentia(paths: Iterable[Path]) -> dict[str, dict[str, Key]] | str:
    """Answers by profile and file name, or why there are none."""
    cache = CACHE / "essentia.json"
    known: dict[str, dict[str, list[str]]] = json.loads(cache.read_text()) if cache.exists() else {}
    missing = [str(path) for path in paths if path.name not in known]
    if missing:
        python = essentia_python()
        if python is None:
            return "essentia could not be installed"
        command = [str(python), "-c", _ASK_ESSENTIA, *ESSENTIA_PROFILES]
        ran = subprocess.run(command, input=json.dumps(missing), capture_output=True, text=True, check=True)
        for line in ran.stdout.splitlines():
            if line.startswith("["):
                path, answers = json.loads(line)
                known[Path(path).name] = answers
        cache.write_text(json.dumps(known))
    return {
        profile: {name: (NAMES[answers[profile][0]], answers[profile][1] == "minor") for name, answers in known.items()}
        for profile in ESSENTIA_PROFILES
    }


def librosa_krumhansl(paths: Iterable[Path]) -> dict[str, Key] | str:
    """Answers by file name, or why there are none."""
    cache = CACHE / "librosa.json"
    known: dict[str, Key] = json.loads(cache.read_text()) if cache.exists() else {}
    missing = [path for path in paths if path.name not in known]
    if missing:
        try:
            import librosa
        except ImportError:
            return "librosa is not installed"
        for path in missing:
            audio, rate_hz = librosa.load(path, sr=22_050)
            known[path.name] = _krumhansl(librosa.feature.chroma_cqt(y=audio, sr=rate_hz).mean(axis=1))
        cache.write_text(json.dumps(known))
    return {name: (key[0], key[1]) for name, key in known.items()}


def _krumhansl(chroma: np.ndarray) -> Key:
    fits = {
        (tonic, minor): float(np.corrcoef(chroma, np.roll(profile, tonic))[0, 1])
        for minor, profile in _KRUMHANSL.items()
        for tonic in range(12)
    }
    return max(fits, key=lambda key: fits[key])
