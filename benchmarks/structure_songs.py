"""The synthesised songs that structure is judged on: tempi and genres apart, half to tune by, half never looked at."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.arrangements import Arrangement

TUNE = (
    Arrangement(
        "house 124",
        124.0,
        "four",
        """
intro 16: kick hats
build 8: kick hats clap bass*0.6 swell*0.8
drop 16: kick hats clap shaker bass arp
break 16: pad arp*0.8 air
build 8: swell riser roll
drop 32: kick hats clap shaker bass arp lead
outro 16: kick hats shaker
""",
        seed=3,
    ),
    Arrangement(
        "techno 132 long blends",
        132.0,
        "four",
        """
intro 16: kick
intro 16: kick hats
build 16: kick hats shaker swell*0.7
drop 32: kick hats clap shaker bass
drop 32: kick hats clap shaker bass arp*0.7
break 16: swell*0.8 air shaker*0.6
drop 32: kick hats clap shaker bass arp lead*0.6
outro 16: kick hats shaker
outro 16: kick hats*0.7
""",
        seed=4,
        root_hz=49.0,
    ),
    Arrangement(
        "dnb 174 two drops",
        174.0,
        "breaks",
        """
intro 16: pad air hats*0.5
build 16: swell roll riser hats
drop 32: kick clap hats shaker bass sub
break 16: pad arp
build 16: swell roll riser
drop 32: kick clap hats shaker bass sub lead
outro 16: kick clap hats
""",
        seed=5,
        root_hz=43.65,
    ),
    Arrangement(
        "trance 138 long build",
        138.0,
        "four",
        """
intro 32: kick hats shaker*0.6
drop 32: kick hats clap shaker bass arp*0.6
break 32: pad arp air
build 32: swell arp riser roll*0.8
drop 48: kick hats clap shaker bass arp lead pad*0.6
outro 32: kick hats clap shaker*0.5
""",
        seed=6,
    ),
    Arrangement(
        "dubstep 140",
        140.0,
        "half",
        """
intro 16: pad arp air
build 8: swell roll riser
drop 16: kick clap hats bass sub shaker
drop 16: kick clap hats bass sub lead
break 16: pad arp
build 8: swell roll riser
drop 32: kick clap hats bass sub lead shaker
outro 8: pad air
""",
        seed=7,
        root_hz=46.25,
    ),
    Arrangement(
        "pop house 118 short parts",
        118.0,
        "four",
        """
intro 4: arp air
intro 8: pad arp
build 8: swell arp roll riser
drop 8: kick hats clap bass lead
break 8: pad arp
build 4: swell roll riser
drop 16: kick hats clap bass lead shaker
outro 8: pad arp*0.6
""",
        seed=8,
        lead_s=0.35,
    ),
)

TEST = (
    Arrangement(
        "deep house 120",
        120.0,
        "four",
        """
intro 8: hats shaker
intro 16: kick hats shaker
drop 32: kick hats shaker clap bass pad*0.6
break 8: pad air
drop 32: kick hats shaker clap bass pad*0.6 arp*0.7
outro 24: kick hats shaker*0.7
""",
        seed=21,
        root_hz=58.0,
        lead_s=0.8,
    ),
    Arrangement(
        "peak techno 140",
        140.0,
        "four",
        """
intro 32: kick shaker*0.7
drop 32: kick hats shaker bass
break 8: swell*0.7 riser
drop 32: kick hats clap shaker bass
break 24: pad*0.8 air
build 8: swell roll riser
drop 32: kick hats clap shaker bass arp*0.8
outro 32: kick shaker
""",
        seed=22,
        root_hz=46.0,
    ),
    Arrangement(
        "liquid dnb 172",
        172.0,
        "breaks",
        """
intro 32: pad arp
drop 32: kick clap hats shaker bass pad*0.7
break 16: pad arp*0.7 air
build 8: swell riser
drop 32: kick clap hats shaker bass lead pad*0.6
outro 16: pad hats*0.6
""",
        seed=23,
        root_hz=49.0,
    ),
    Arrangement(
        "uplifting trance 136",
        136.0,
        "four",
        """
intro 16: kick shaker
build 16: kick shaker hats clap swell*0.5
drop 16: kick hats clap bass arp*0.5
break 48: pad arp*0.8 air
build 16: swell arp roll riser
drop 32: kick hats clap bass arp lead pad*0.5 shaker
outro 32: kick hats shaker
""",
        seed=24,
        root_hz=61.7,
    ),
    Arrangement(
        "riddim 145",
        145.0,
        "half",
        """
intro 8: arp air
build 8: swell roll riser
drop 32: kick clap hats bass sub
break 8: pad
build 8: swell roll riser
drop 32: kick clap hats bass sub lead
outro 8: arp pad*0.5
""",
        seed=25,
        root_hz=41.2,
    ),
    Arrangement(
        "electro house 128",
        128.0,
        "four",
        """
intro 16: kick clap hats
break 8: pad arp
build 8: swell riser roll
drop 16: kick clap hats bass lead shaker
break 16: pad arp*0.8
build 16: swell riser roll arp*0.6
drop 16: kick clap hats bass lead shaker
outro 16: kick clap hats*0.8
""",
        seed=26,
        root_hz=55.0,
    ),
    Arrangement(
        "garage 132 breaks",
        132.0,
        "breaks",
        """
intro 8: hats shaker pad*0.6
drop 16: kick clap hats shaker bass
break 8: pad lead*0.6
drop 32: kick clap hats shaker bass lead*0.8
break 8: arp pad*0.7
build 4: swell roll riser
drop 16: kick clap hats shaker bass lead
outro 8: hats shaker
""",
        seed=27,
        root_hz=52.0,
    ),
)

RESTLESS = (
    Arrangement(
        "restless house 122",
        122.0,
        "four",
        """
intro 8: kick hats%2 shaker
intro 8: kick hats shaker%1 arp%4*0.5
drop 16: kick hats shaker%2 clap bass arp%4 pad%2*0.5
break 8: pad arp%2*0.8
build 8: swell roll riser arp%1*0.6
drop 32: kick hats shaker%2 clap bass arp%4 lead%2*0.8
break 16: pad arp%4 lead%2*0.6 shaker%4
drop 32: kick hats clap bass arp%2 lead%4 pad%8*0.5 shaker
outro 16: kick hats%4 shaker
""",
        seed=31,
    ),
    Arrangement(
        "restless drum and bass 176",
        176.0,
        "breaks",
        """
intro 16: pad arp%4 hats%8*0.6
build 16: swell roll riser hats%2
drop 32: kick clap hats%2 shaker%4 bass sub lead%8
break 32: pad lead%4*0.6 arp%2*0.7
drop 32: kick clap hats shaker%4 bass%2 sub lead%4 arp%8*0.6
outro 16: kick clap%4 hats%2
""",
        seed=32,
        root_hz=46.0,
    ),
    Arrangement(
        "restless techno 134",
        134.0,
        "four",
        """
intro 32: kick hats%8 shaker%4*0.6
drop 48: kick hats clap%4 shaker%2 bass arp%8*0.5
break 16: swell*0.7 arp%4*0.5
drop 48: kick hats clap%8 shaker bass%4 sub arp%4*0.7
outro 32: kick hats%8 shaker%4
""",
        seed=33,
        root_hz=48.0,
    ),
    Arrangement(
        "restless dubstep 142",
        142.0,
        "half",
        """
intro 8: pad arp%2
build 8: swell roll riser
drop 16: kick clap hats%2 bass%1 sub lead%2*0.8
break 16: pad arp%4 lead%8*0.5
build 8: swell roll%2 riser
drop 32: kick clap hats%4 bass%2 sub lead%1 shaker%8
outro 8: pad arp%4*0.6
""",
        seed=34,
        root_hz=43.0,
    ),
)
"""Voices that come and go inside their parts, by the bar, by two, by four and by eight."""

RESTLESS_TEST = (
    Arrangement(
        "restless garage 130",
        130.0,
        "breaks",
        """
intro 16: hats%4 shaker pad%2*0.5
drop 24: kick clap hats shaker%4 bass lead%2*0.7
break 8: pad arp%2
drop 32: kick clap%8 hats%2 shaker bass arp%4*0.6
break 16: pad%4 lead%2*0.6 air
build 8: swell roll%2 riser
drop 16: kick clap hats shaker%2 bass lead%4
outro 16: kick hats%4 shaker%8
""",
        seed=41,
        root_hz=51.0,
    ),
    Arrangement(
        "restless trance 139",
        139.0,
        "four",
        """
intro 32: kick hats%8 shaker%4 clap%8
drop 16: kick hats clap bass arp%4*0.6
break 32: pad arp%8*0.7 lead%4*0.5
build 16: swell arp%2*0.7 roll riser
drop 32: kick hats%4 clap bass arp lead%8 shaker%2
outro 32: kick hats clap%8 shaker%4
""",
        seed=42,
        root_hz=58.3,
    ),
    Arrangement(
        "restless electro 110",
        110.0,
        "four",
        """
intro 8: arp%2 air
drop 16: kick hats%2 clap bass arp%4
break 8: lead%2 pad*0.7
build 4: swell riser roll
drop 16: kick hats clap%4 bass arp%2 lead%4
break 8: pad arp%1*0.6
drop 16: kick hats clap bass%4 arp lead%2
outro 8: kick hats%2
""",
        seed=43,
        root_hz=65.4,
    ),
)

AMBIENT = Arrangement(
    "ambient",
    80.0,
    "four",
    """
intro 16: air
break 16: air pad
break 16: pad*1.3 air
outro 8: air
""",
    seed=9,
)
"""No drums and no beat to speak of: its parts can be found, not named."""
