"""What one analysis is asked for; apart from the analysis, so that who only passes it on loads no numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

from uptrack_analysis.audio.limits import Limits
from uptrack_analysis.report import ProjectFacts, Target


@dataclass(frozen=True, slots=True)
class Settings:
    """What to judge by; ``genre`` is a family or style the genre data know, or ``None`` to guess."""

    genre: str | None = None
    target: Target = "club"
    project: ProjectFacts = field(default_factory=ProjectFacts)
    stems: tuple[str, ...] = ()
    """Names of the stems the mix was made of; they are named in the report and not measured yet."""
    limits: Limits = field(default_factory=Limits)
    follow_links: bool = True
    """Off where the path was resolved before: a link in it has been put there since, and is refused."""
