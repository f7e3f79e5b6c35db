"""Which figures a group lacks: each needs its reason in the report."""

from __future__ import annotations

from uptrack_analysis.report import (
    DynamicsFigures,
    LoudnessFigures,
    SpectrumFigures,
    StemFigures,
    StereoFigures,
    TempoFigures,
)


def missing(
    group: str,
    figures: LoudnessFigures | TempoFigures | SpectrumFigures | StereoFigures | DynamicsFigures | StemFigures,
) -> list[str]:
    """Dotted names of those that are ``None``, bands included, each behind ``group``."""
    names = [f"{group}.{name}" for name in figures.__dataclass_fields__ if getattr(figures, name) is None]
    match figures:
        case SpectrumFigures():
            lists = {"bands": figures.bands, "third_octaves": figures.third_octaves}
            names += [
                f"{group}.{list_name}.{band.name}"
                for list_name, bands in lists.items()
                for band in bands
                if band.level_db is None
            ]
        case StereoFigures():
            names += [
                f"{group}.bands.{band.name}.{figure}"
                for band in figures.bands
                for figure in ("correlation", "width_db", "mono_loss_db", "balance_db")
                if getattr(band, figure) is None
            ]
        case StemFigures():
            names += [*missing(f"{group}.spectrum", figures.spectrum), *missing(f"{group}.stereo", figures.stereo)]
        case DynamicsFigures():
            names += [f"{group}.bands.{band.name}" for band in figures.bands if band.crest_db is None]
        case _:
            pass
    return names
