"""The data files: complete, typed, sourced, and told by name when they are wrong."""

import inspect
import sys

import pytest

from uptrack_analysis.errors import BadInput
from uptrack_analysis.findings.families import GENERAL, Family, find_family, load_families, read_family
from uptrack_analysis.findings.rule import Rule, all_rules
from uptrack_analysis.findings.tables import DataError, Table, data_files, parse_table, read_table
from uptrack_analysis.findings.targets import load_deliveries

SEVEN = {"techno", "house", "dnb", "dubstep", "trance", "ambient", "hiphop"}


def test_the_seven_families_and_the_general_one_are_there() -> None:
    assert set(load_families()) == SEVEN | {GENERAL, "fourfloor"}


def test_family_numbers_are_those_of_the_table() -> None:
    techno, dnb, ambient = (load_families()[name] for name in ("techno", "dnb", "ambient"))
    assert techno.club_loudness_lufs == pytest.approx((-10, -7))
    assert techno.plr_db.excess(7.0) == pytest.approx(0.5)
    assert techno.plr_db.excess(5.5) == pytest.approx(2.0)
    assert [dnb.fits_tempo(bpm) for bpm in (159, 160, 180, 181)] == [False, True, True, False]
    assert dnb.sub_fundamental_hz == pytest.approx((38, 55))
    assert (ambient.mono_below_hz, ambient.low_side_db.ok_high) == (90, -10)
    assert (ambient.tonal_warn_db, ambient.tonal_bad_db) == (5, 8)
    assert techno.low_side_db.ok_high == -18
    assert ambient.mix_bars is None


@pytest.mark.parametrize(
    "covering", [family for family in load_families().values() if family.covers], ids=lambda f: f.id
)
def test_a_covering_family_is_at_least_as_tolerant_as_each_it_covers(covering: Family) -> None:
    for name in covering.covers:
        one = load_families()[name]
        assert covering.club_loudness_lufs[0] <= one.club_loudness_lufs[0]
        assert covering.club_loudness_lufs[1] >= one.club_loudness_lufs[1]
        assert covering.plr_db.excess(5.0) <= one.plr_db.excess(5.0)
        assert covering.low_side_db.excess(-5.0) <= one.low_side_db.excess(-5.0)
        assert covering.correlation.excess(-0.5) <= one.correlation.excess(-0.5)
        assert covering.mono_below_hz <= one.mono_below_hz
        assert (covering.tonal_warn_db, covering.tonal_bad_db) >= (one.tonal_warn_db, one.tonal_bad_db)
        assert covering.psr_in_drop_warn_db <= one.psr_in_drop_warn_db


def test_the_general_family_covers_every_other() -> None:
    assert set(load_families()[GENERAL].covers) == SEVEN


def tables_with_numbers(table: Table) -> list[Table]:
    found = [table] if any(isinstance(value, int | float) for value in table.values.values()) else []
    for key, value in table.values.items():
        if isinstance(value, dict):
            found += tables_with_numbers(table.table(key))
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            found += [inner for row in table.tables(key) for inner in tables_with_numbers(row)]
    return found


@pytest.mark.parametrize("name", [name for name, _ in data_files() if name not in {"score.toml", "tonal_average.toml"}])
def test_every_table_of_numbers_says_where_they_came_from_and_how_far_to_trust_them(name: str) -> None:
    tables = tables_with_numbers(read_table(name))
    assert tables
    for table in tables:
        assert table.evidence().source


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_every_limit_of_a_rule_says_where_it_came_from_and_how_far_to_trust_it(rule: Rule) -> None:
    assert rule.limits.where == rule.id
    assert all(table.evidence().source for table in tables_with_numbers(rule.limits))


def keys_of_numbers(table: Table) -> set[str]:
    inner = [table.table(key) for key, value in table.values.items() if isinstance(value, dict)]
    own = (
        set(table.values)
        - {"source", "grade"}
        - {key for key, value in table.values.items() if isinstance(value, dict)}
    )
    return own.union(*map(keys_of_numbers, inner))


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_no_rule_has_a_limit_that_it_does_not_read(rule: Rule) -> None:
    code = ""
    # Its own module, and the one that it has them from.
    ours = [module for name, module in list(sys.modules.items()) if name.startswith("uptrack_analysis.")]
    for module in [one for one in ours if getattr(one, "LIMITS", None) is rule.limits]:
        before, _, rest = inspect.getsource(module).partition("LIMITS = table(")
        code += before + rest.partition("\n)\n")[2]
    assert {key for key in keys_of_numbers(rule.limits) if f'"{key}"' not in code} == set()


@pytest.mark.parametrize(
    ("said", "family"),
    [
        ("techno", "techno"),
        ("Drum and Bass", "dnb"),
        ("drum & bass", "dnb"),
        ("Drum'n'Bass", "dnb"),
        ("D&B", "dnb"),
        ("DnB", "dnb"),
        ("deep house", "house"),
        ("Tech-House", "house"),
        ("trap", "hiphop"),
        ("hip-hop", "hiphop"),
        ("downtempo", "ambient"),
        ("lo-fi", "ambient"),
        ("dark melodic techno", "techno"),
        ("house music", "house"),
        ("UK Garage", "house"),
        ("EDM", "general"),
    ],
)
def test_a_style_leads_to_its_family(said: str, family: str) -> None:
    assert find_family(said).id == family


@pytest.mark.parametrize("said", ["polka", "!!!", "technology"])
def test_an_unknown_genre_is_refused_with_the_list_of_known_ones(said: str) -> None:
    with pytest.raises(BadInput, match=r"ambient, dnb.*got") as refusal:
        find_family(said)
    assert repr(said) in refusal.value.sentence


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"id = ", "expected TOML in x.toml"),
        (b'id = "x"\n', "expected 'tempo' in x.toml"),
        (b'[tempo]\nwindows_bpm = "fast"\n', "'windows_bpm'"),
        (b"\xff\xfe", "expected TOML"),
    ],
)
def test_a_broken_data_file_is_told_by_name_and_key(content: bytes, complaint: str) -> None:
    def read() -> None:
        table = parse_table("x.toml", content)
        if "tempo" in table:
            table.table("tempo").pairs("windows_bpm")
        read_family(table)

    with pytest.raises(DataError, match=complaint):
        read()


@pytest.mark.parametrize("value", ['"7"', "true", "nan", "[1]"])
def test_a_number_is_a_finite_number(value: str) -> None:
    with pytest.raises(DataError, match="expected a number for 'warn'"):
        parse_table("x.toml", f"warn = {value}".encode()).number("warn")


def test_a_missing_data_file_is_told() -> None:
    with pytest.raises(DataError, match=r"families/polka\.toml"):
        read_table("families/polka.toml")


@pytest.mark.parametrize(
    ("target", "window"), [("club", (-10.0, -7.0)), ("stream", (-14.0, -7.0)), ("premaster", (-32.0, -12.0))]
)
def test_each_target_has_its_loudness_window(target: str, window: tuple[float, float]) -> None:
    deliveries = {str(name): delivery for name, delivery in load_deliveries().items()}
    assert deliveries[target].loudness_window_lufs(load_families()["techno"]) == window
