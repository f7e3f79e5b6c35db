"""Three meters' loudness side by side, as lines for a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from uptrack_analysis.crosscheck import Opinion
from uptrack_analysis.figures import digits, signed
from uptrack_analysis.report import Report


def crosscheck_table(report: Report, opinions: tuple[Opinion, ...]) -> RenderableType:
    """The report's integrated loudness and range, each other meter's, and by how much it differs from ours."""
    ours = report.measurements.loudness
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    for _ in range(2):
        table.add_column(justify="right", no_wrap=True)
        table.add_column(style="dim", justify="right", no_wrap=True)
    table.add_row("UpTrack", *_figure(ours.integrated_lufs, "LUFS"), *_figure(ours.range_lu, "LU"))
    silent: list[RenderableType] = []
    for said in opinions:
        if said.reason is not None:
            silent.append(Text(f"{said.meter} gives no figure: {said.reason}.", style="dim"))
            continue
        table.add_row(
            said.meter,
            *_figure(said.integrated_lufs, "LUFS", ours.integrated_lufs, said.decimals),
            *_figure(said.range_lu, "LU", ours.range_lu, said.decimals),
        )
    heading = Text("Loudness by other meters", style="bold underline")
    return Group(Text(), heading, Padding(Group(table, *silent), (0, 0, 0, 2)))


def _figure(value: float | None, unit: str, ours: float | None = None, decimals: int = 2) -> tuple[str, str]:
    """A figure, and how far it lies over ours."""
    if value is None:
        return "–", ""
    return f"{digits(value, decimals)} {unit}", "" if ours is None else f"({signed(value - ours, decimals)})"
