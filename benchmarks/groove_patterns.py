"""The hard grooves themselves: those a method may be tuned on, and those it is judged on. ``grooves.py`` plays them."""

from __future__ import annotations

from grooves import Groove

FOUR = ("x...x...x...x...",)
BACKBEAT = ("....x.......x...",)
OFFBEAT = ("..x...x...x...x.",)
EIGHTHS = ("x.x.x.x.x.x.x.x.",)
SIXTEENTHS = ("xoxoxoxoxoxoxoxo",)

TUNE = (
    Groove("house", 124.0, {"kick": FOUR, "clap": BACKBEAT, "hat": OFFBEAT, "stab": ("x..x..x...x..x..",)}, 11),
    Groove(
        "dubstep",
        140.0,
        {
            "kick": ("x.....o...x.....", "x..o......x..o.."),
            "snare": ("........x.......",),
            "hat": ("x.o.x.o.x.o.x.oo",),
            "bass": ("x..x..x...x.x...",),
        },
        12,
        alternates=(70.0,),
    ),
    Groove(
        "two-step DnB",
        174.0,
        {
            "kick": ("x.........x.....",),
            "snare": BACKBEAT,
            "hat": EIGHTHS,
            "bass": ("x.....x...x.....", "x...x.....x...x."),
        },
        13,
        alternates=(87.0,),
    ),
    Groove(
        "break",
        133.0,
        {"kick": ("x.x.......xx....", "x.x.......x..x.."), "snare": ("....x..o.o..x..o",), "hat": EIGHTHS},
        14,
    ),
    Groove(
        "dotted loop",
        129.0,
        {
            "kick": FOUR,
            "stab": ("x..x..x..x..x..x", "..x..x..x..x..x."),
            "hat": OFFBEAT,
            "bass": ("x..x..x..x..x..x", "..x..x..x..x..x."),
        },
        15,
    ),
    Groove(
        "three to two at 177",
        177.0,
        {
            "kick": ("x.....x.....x...",),
            "snare": ("....x.......x...",),
            "stab": ("x.....x.....x...",),
            "bass": ("x.....x.....x...", "..x.....x.....x."),
        },
        16,
        alternates=(88.5,),
    ),
    Groove("trance", 138.0, {"kick": FOUR, "bass": (".xxx.xxx.xxx.xxx",), "hat": OFFBEAT, "clap": BACKBEAT}, 17),
    Groove("swung", 108.0, {"kick": ("x......x..x.....",), "snare": BACKBEAT, "hat": SIXTEENTHS}, 18, swing=0.62),
    Groove("techno", 132.0, {"kick": FOUR, "hat": SIXTEENTHS, "rim": ("..x..x....x..x..",), "bass": SIXTEENTHS}, 19),
    Groove(
        "reggaeton",
        94.0,
        {"kick": FOUR, "snare": ("...x..x....x..x.",), "hat": EIGHTHS, "bass": ("x.....x.x.....x.",)},
        20,
        alternates=(188.0,),
    ),
    Groove(
        "triplets",
        126.0,
        {"kick": ("x..x..x..x..",), "clap": ("...x.....x..",), "hat": ("xxxxxxxxxxxx",), "bass": ("x.xx.xx.xx.x",)},
        21,
        steps_a_beat=3,
    ),
    Groove(
        "waltz",
        112.0,
        {
            "kick": ("x...........",),
            "snare": ("....x...x...",),
            "hat": ("x.x.x.x.x.x.",),
            "bass": ("x...........", "x.......x..."),
        },
        22,
        beats_per_bar=3,
    ),
)
TEST = (
    Groove("deep house", 121.0, {"kick": FOUR, "clap": BACKBEAT, "ride": OFFBEAT, "bass": ("..x..x..x.....x.",)}, 31),
    Groove(
        "half-time",
        142.0,
        {
            "kick": ("x..x......x.....", "x.........xx...."),
            "clap": ("........x.......",),
            "hat": ("x.x.x.x.x.xxx.x.",),
            "bass": ("x.......x..x....",),
        },
        32,
        alternates=(71.0,),
    ),
    Groove(
        "DnB",
        172.0,
        {
            "kick": ("x.........x.....", "x..x......x....."),
            "snare": ("....x..o.o..x...",),
            "ride": EIGHTHS,
            "bass": ("x.........x.....",),
        },
        33,
        alternates=(86.0,),
    ),
    Groove(
        "jungle",
        165.0,
        {"kick": ("x.x.......xx....",), "snare": ("....x..o.o..x..o", "....x..o.o....x."), "hat": EIGHTHS},
        34,
        alternates=(82.5,),
    ),
    Groove(
        "dotted arpeggio",
        128.5,
        {"kick": FOUR, "stab": ("x..x..x..x..x.x.",), "bass": ("x..x..x..x..x.x.",), "clap": BACKBEAT},
        35,
    ),
    Groove(
        "three to two at 170",
        170.0,
        {
            "kick": ("x.....x...x.....",),
            "snare": BACKBEAT,
            "stab": ("x.....x.....x...",),
            "rim": ("x..x..x..x..x..x",),
            "bass": ("x.....x.....x...",),
        },
        36,
        alternates=(85.0,),
    ),
    Groove("offbeat trance", 140.3, {"kick": FOUR, "bass": OFFBEAT, "hat": OFFBEAT, "stab": ("x..x..x..x..x.x.",)}, 37),
    Groove("shuffle", 116.0, {"kick": FOUR, "snare": BACKBEAT, "hat": ("x.xox.xox.xox.xo",)}, 38, swing=0.66),
    Groove(
        "rolling techno",
        136.7,
        {"kick": FOUR, "bass": (".xxx.xxx.xxx.xxx",), "hat": SIXTEENTHS, "clap": ("....x...........",)},
        39,
    ),
    Groove(
        "dembow",
        98.0,
        {"kick": ("x...x...x...x...",), "rim": ("...x..x....x..x.",), "hat": EIGHTHS, "stab": ("..x...x...x...x.",)},
        40,
        alternates=(196.0,),
    ),
    Groove(
        "UK garage",
        131.2,
        {
            "kick": ("x.........x.....", "x......x..x....."),
            "clap": BACKBEAT,
            "hat": ("..x...xo..x...x.",),
            "bass": ("x..x......x..x..",),
        },
        41,
        swing=0.58,
    ),
    Groove(
        "trap",
        146.0,
        {
            "kick": ("x.....x.........", "x.....x...x....."),
            "clap": ("........x.......",),
            "hat": SIXTEENTHS,
            "bass": ("x.....x.........",),
        },
        42,
        alternates=(73.0,),
    ),
    Groove(
        "electro",
        127.0,
        {
            "kick": ("x..x......x.....", "x..x..x...x....."),
            "snare": BACKBEAT,
            "hat": SIXTEENTHS,
            "bass": ("x.xx..x.x.xx..x.",),
        },
        43,
    ),
    Groove(
        "triplet techno",
        134.0,
        {"kick": ("x..x..x..x..",), "hat": ("..x..x..x..x",), "rim": ("x.xx.xx.xx.x",)},
        44,
        steps_a_beat=3,
    ),
    Groove(
        "slow three",
        104.0,
        {"kick": ("x.......o...",), "clap": ("....x...x...",), "hat": ("x.x.x.x.x.x.",), "stab": ("x...........",)},
        45,
        beats_per_bar=3,
    ),
    Groove("hats and bass alone", 130.0, {"hat": OFFBEAT, "bass": ("x..x..x.x..x..x.",)}, 46),
    Groove(
        "Latin house",
        123.4,
        {"kick": FOUR, "tom": ("..xx..x...xx..x.",), "rim": ("x..x..x...x.x...",), "hat": EIGHTHS},
        47,
    ),
)
