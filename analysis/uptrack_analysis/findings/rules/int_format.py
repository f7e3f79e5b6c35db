"""``int.format``: a lossy source, a low sample rate or too few bits for what the file is for.

A file that is lossy itself says so and is judged mildly: somebody checks a mix through an MP3 every day. A lossless
file whose spectrum ends in an encoder's cliff has been lossy before, and carries that into every later encoding. Ends
from 19 kHz on are where filters of converters, resamplers and good encoders all lie: nothing is read into those.
"""

from __future__ import annotations

from uptrack_analysis.figures import digits, frequency
from uptrack_analysis.findings.case import Case, Draft
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.report import Action

LIMITS = table(
    "int.format",
    # where the spectrum of a lossless file ends in a cliff
    lossless={
        "warn_hz": 18900.0,
        "bad_hz": 15600.0,
        "grade": "D",
        "source": "proposal; ends of LAME and ffmpeg AAC as measured: 128 kbit/s 16.4 kHz, 192 kbit/s 18.7 kHz",
    },
    # the same of a lossy one, which is bad only where it is audible
    lossy={"warn_hz": 16600.0, "bad_hz": 9000.0, "grade": "D", "source": "proposal: 128 kbit/s and less"},
    # sample rate
    rate={"warn_hz": 40000.0, "bad_hz": 22050.0, "grade": "B", "source": "stores and clubs take 44.1 kHz and up"},
    # bits a sample of a lossless file; a premaster is processed once more
    depth={"warn_bits": 12.0, "bad_bits": 8.0, "grade": "D", "source": "proposal: 16 bits are a delivery format"},
    premaster_depth={
        "warn_bits": 16.0,
        "bad_bits": 8.0,
        "grade": "C",
        "source": "mastering engineers ask for 24 bits or float",
    },
)

LOSSLESS = {"PCM", "float", "FLAC", "ALAC"}
LOSSY = {"MP3", "AAC", "Vorbis", "Opus", "MS ADPCM", "IMA ADPCM"}
CONFIDENCE = 0.95
# A cliff where a known encoder setting ends; one anywhere else may be a resampler, or the sound itself.
NAMED_CONFIDENCE, UNNAMED_CONFIDENCE = 0.7, 0.45


def check(case: Case) -> Verdict:
    if case.measured.loudness.integrated_lufs is None:
        return case.why("loudness.integrated_lufs", "The file is silent.")
    drafts = [_cliff(case), _rate(case), _depth(case)]
    return [draft for draft in drafts if draft is not None and draft.excess >= WARN_EXCESS]


def _cliff(case: Case) -> Draft | None:
    details, codec = case.measured.details, case.measured.codec
    cutoff_hz = details.cutoff_hz
    if cutoff_hz is None or (codec not in LOSSLESS and codec not in LOSSY):
        return None
    is_lossy = codec in LOSSY
    data = LIMITS.table("lossy" if is_lossy else "lossless")
    threshold = Threshold.below(data.number("warn_hz"), data.number("bad_hz"))
    likely = f", as of {details.cutoff_likely}" if details.cutoff_likely else ""
    ends = f"The spectrum ends in a cliff at {frequency(cutoff_hz)}{likely}"
    advice = (
        f"{ends}: fine to listen to, but export WAV or FLAC from the DAW for a club, a store or a mastering engineer."
        if is_lossy
        else f"{ends}, although the file is lossless: look for an MP3 or a stream among its samples, or for an export "
        f"that went through one, and render again from the originals."
    )
    return Draft(
        value=cutoff_hz,
        unit="Hz",
        threshold=threshold,
        confidence=UNNAMED_CONFIDENCE if details.cutoff_likely is None or is_lossy else NAMED_CONFIDENCE,
        exposure=1.0,
        title="Low bit rate" if is_lossy else "Lossy source",
        advice=advice,
        spans=as_spans([case.whole]),
        low_hz=cutoff_hz,
        high_hz=case.measured.sample_rate_hz / 2,
        place="cliff",
        actions=(Action("NT", "Export WAV or FLAC" if is_lossy else "Look for a lossy file among the samples"),),
        expected_delta=f"spectrum to {frequency(cutoff_hz)} → 20 kHz",
    )


def _rate(case: Case) -> Draft | None:
    rate_hz = case.measured.sample_rate_hz
    data = LIMITS.table("rate")
    return Draft(
        value=float(rate_hz),
        unit="Hz",
        threshold=Threshold.below(data.number("warn_hz"), data.number("bad_hz")),
        confidence=CONFIDENCE,
        exposure=1.0,
        title="Low sample rate",
        advice=(
            f"The file runs at {frequency(rate_hz)}, so nothing over {frequency(rate_hz / 2)} is left: render at the "
            f"project's own rate, 44.1 kHz or more."
        ),
        spans=as_spans([case.whole]),
        place="rate",
        actions=(Action("NT", "Render at 44.1 or 48 kHz"),),
        expected_delta=f"{frequency(rate_hz)} → 44.1 kHz",
    )


def _depth(case: Case) -> Draft | None:
    bits = case.measured.bit_depth
    if bits is None or case.measured.codec not in LOSSLESS:
        return None
    premaster = case.delivery.target == "premaster"
    data = LIMITS.table("premaster_depth" if premaster else "depth")
    return Draft(
        value=float(bits),
        unit="bit",
        threshold=Threshold.below(data.number("warn_bits"), data.number("bad_bits")),
        confidence=CONFIDENCE,
        exposure=1.0,
        title="Few bits",
        advice=(
            f"The file has {bits} bits a sample"
            + (", and mastering will work on it once more" if premaster else f" (about {digits(6.02 * bits, 0)} dB)")
            + f": export {'24 bits or float' if premaster else '16 bits or more'}."
        ),
        spans=as_spans([case.whole]),
        place="depth",
        actions=(Action("NT", "Export 24 bits"),),
        expected_delta=f"{bits} → 24 bits",
    )


RULE = Rule(
    id="int.format",
    area="integrity",
    group="format",
    weight=0.2,
    title="Format",
    measures="Where the spectrum ends in an encoder's cliff, the sample rate, and the bits against the target's need.",
    grade="D",
    check=check,
    limits=LIMITS,
    by_target=True,
)
